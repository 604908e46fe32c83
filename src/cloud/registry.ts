import { boxliteProvider } from './boxlite/provider';
import { CloudError } from './errors';
import { agentServerProvider, openHandsProvider } from './openhands/provider';
import type { Provider } from './provider';

/** Every kind of cloud that this extension can speak with: one line each. */
export const providers: readonly Provider[] = [boxliteProvider, openHandsProvider, agentServerProvider];

/** Whether sandboxes can be made in a cloud of that kind; not in one that this version does not know. */
export function canCreateIn(kind: string): boolean {
  return providers.some((provider) => provider.kind === kind && provider.canCreate);
}

/** The driver of a kind of cloud; throws a {@link CloudError} `unsupported` for a kind that is not known. */
export function providerOf(kind: string): Provider {
  const provider = providers.find((candidate) => candidate.kind === kind);
  if (provider) return provider;
  throw new CloudError('unsupported', `This version cannot speak with clouds of kind "${kind}"; update it`);
}

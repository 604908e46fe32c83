/** What the suites of OpenHands share: a cloud, and our client signed in to it. */
import { silentLogger } from '../../src/base/logger';
import { type DeviceCode, type DeviceFlow, signInByDevice } from '../../src/cloud/deviceFlow';
import { providerOf } from '../../src/cloud/registry';
import type { CloudClient, Endpoint, Sandbox } from '../../src/cloud/provider';
import { OpenHandsCloud } from '../clouds/openhands/cloud';
import type { OpenHandsOptions } from '../clouds/openhands/options';

/** Time for a test that starts a sandbox: its server takes some seconds, more on a busy computer. */
export const STARTS_A_SANDBOX_MS = 120_000;

export interface OpenHandsLab {
  readonly cloud: OpenHandsCloud;
  readonly client: CloudClient;
}

/** One cloud, and a client with its API key, for all tests of the suite it is called in. */
export function useOpenHands(options: OpenHandsOptions = {}): OpenHandsLab {
  let opened: OpenHandsLab | undefined;
  before(async () => {
    const cloud = await OpenHandsCloud.start(options);
    opened = { cloud, client: connectTo(cloud) };
  });
  after(async () => {
    opened?.client.dispose();
    await opened?.cloud.close();
  });
  const get = (): OpenHandsLab => {
    if (!opened) throw new Error('The cloud is there in tests only');
    return opened;
  };
  return {
    get cloud() {
      return get().cloud;
    },
    get client() {
      return get().client;
    },
  };
}

/** The account at the cloud, by its API key unless told. */
export function endpointOf(cloud: OpenHandsCloud, token = cloud.apiKey): Endpoint {
  return { provider: 'openhands', baseUrl: cloud.url, token };
}

export function connectTo(cloud: OpenHandsCloud, token?: string): CloudClient {
  return providerOf('openhands').connect(endpointOf(cloud, token), silentLogger);
}

/** How OpenHands lets people in who sign in with a browser. */
export const deviceFlow = deviceFlowOf('openhands');

function deviceFlowOf(kind: string): DeviceFlow {
  for (const method of providerOf(kind).signIn.methods) if (method.kind === 'deviceFlow') return method.flow;
  throw new Error(`${kind} has no device flow`);
}

/** Signs in with a browser; who is told the code confirms it there. Gives the token. */
export function signInByBrowser(cloud: OpenHandsCloud, onCode: (code: DeviceCode) => void): Promise<string> {
  return signInByDevice({
    flow: deviceFlow,
    endpoint: { baseUrl: cloud.url },
    onCode,
    log: silentLogger,
  });
}

/** A new sandbox that answers. */
export async function makeSandbox(client: CloudClient): Promise<Sandbox> {
  const { id } = await client.create({});
  return client.start(id);
}

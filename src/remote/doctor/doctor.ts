import type { Endpoint, NetworkSettings } from '../../cloud/provider';
import { accountHost, type Account } from '../../sandboxes/account';
import type { AccountStore } from '../../sandboxes/accountStore';
import type { CloudAccess } from '../../sandboxes/cloudAccess';
import type { SandboxRef } from '../../sandboxes/sandboxList';
import { cloudChecks } from './cloudChecks';
import { computerChecks, type ComputerFacts } from './computerChecks';
import type { Section } from './examination';
import { sandboxChecks, type SandboxFacts } from './sandboxChecks';

export interface DoctorOptions {
  readonly accounts: Pick<AccountStore, 'list'>;
  readonly access: Pick<CloudAccess, 'findEndpoint' | 'findClient'>;
  readonly ssh: ComputerFacts['ssh'] & SandboxFacts['ssh'];
  readonly broker: ComputerFacts['broker'];
  readonly runDir: string;
  readonly editor: string;
  /** The settings as they are now. */
  readonly network: () => NetworkSettings;
  readonly remoteSsh: () => ComputerFacts['remoteSsh'];
  readonly env: NodeJS.ProcessEnv;
}

/** Knows what to look at, on the way from the editor into a sandbox; starts nothing that does not run. */
export class Doctor {
  readonly #options: DoctorOptions;

  constructor(options: DoctorOptions) {
    this.#options = options;
  }

  /** What to examine for a sandbox, or, without one, of this computer and all clouds. */
  sections(ref?: SandboxRef): readonly Section[] {
    const { accounts, network, remoteSsh, ssh } = this.#options;
    const facts = {
      ...this.#options,
      network: network(),
      remoteSsh: remoteSsh(),
      ...(ref && { provision: () => ssh.provision(ref) }),
    };
    const clouds = ref ? [ref.account] : accounts.list();
    return [
      { subject: 'computer', checks: computerChecks(facts) },
      ...clouds.map((account) => this.#cloudSection(account)),
      ...(ref ? [this.#sandboxSection(ref)] : []),
    ];
  }

  /** What no report may hold, wherever it comes from. */
  async secrets(): Promise<readonly string[]> {
    const { accounts, access, network, env } = this.#options;
    const endpoints = await Promise.all(
      accounts.list().map((account) => access.findEndpoint(account).catch((): undefined => undefined)),
    );
    const proxies = [
      network().proxyUrl,
      ...proxyVariables.map((name) => env[name] ?? env[name.toLowerCase()]),
    ];
    return [
      ...endpoints.flatMap((endpoint: Endpoint | undefined) => endpoint?.token ?? []),
      ...proxies.flatMap((proxy) => passwordsOf(proxy ?? '')),
      ...(network().proxyAuthorization?.split(/\s+/).slice(-1) ?? []),
    ];
  }

  #cloudSection(account: Account): Section {
    const { access } = this.#options;
    return {
      subject: 'cloud',
      title: accountHost(account),
      checks: cloudChecks({
        endpoint: (signal) => access.findEndpoint(account, signal),
        client: (signal) => access.findClient(account, signal),
      }),
    };
  }

  #sandboxSection(ref: SandboxRef): Section {
    const { access, ssh, runDir, env } = this.#options;
    const client: SandboxFacts['client'] = (signal) => access.findClient(ref.account, signal);
    const checks = sandboxChecks({ ref, client, ssh, runDir, env });
    return { subject: 'sandbox', title: ref.sandbox.name, checks };
  }
}

const proxyVariables = ['HTTPS_PROXY', 'HTTP_PROXY', 'ALL_PROXY'];

/** A URL's password as it is written, and as it is meant. */
function passwordsOf(url: string): string[] {
  const password = URL.canParse(url) ? new URL(url).password : '';
  if (password === '') return [];
  try {
    return [password, decodeURIComponent(password)];
  } catch {
    return [password];
  }
}

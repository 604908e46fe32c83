import type { IncomingMessage } from 'node:http';
import { PortRelay } from '../../helpers/portRelay';
import { Ingress, type Route } from './ingress';
import type { OpenHandsOptions, ServiceName } from './options';
import type { RequestLog } from './requestLog';
import { SSH_PORT } from './ports';
import type { Exposure, StandInSandbox } from './sandbox';

/** The name of each service in a URL; the agent-server's has none. */
const LABELS: Readonly<Record<ServiceName, string>> = {
  AGENT_SERVER: '',
  VSCODE: 'vscode',
  WORKER_1: 'work-1',
  WORKER_2: 'work-2',
};
const SERVICES = Object.keys(LABELS) as ServiceName[];

/** Gives running sandboxes their URLs, in one of the ways in which deployments route. */
export class Exposures {
  readonly #sandboxes = new Map<string, StandInSandbox>();
  #ingress: Ingress | undefined;
  #count = 0;

  constructor(
    private readonly options: OpenHandsOptions,
    private readonly log: RequestLog,
  ) {}

  async expose(sandbox: StandInSandbox): Promise<Exposure> {
    const exposure =
      this.options.routing === 'docker'
        ? await this.#publish(sandbox, () => this.#address, dockerUrl)
        : this.options.routing === 'host'
          ? await this.#publish(sandbox, hostAddresses(++this.#count), hostUrl)
          : await this.#shareIngress(sandbox);
    return this.options.hasSshService ? this.#withSsh(sandbox, exposure) : exposure;
  }

  async close(): Promise<void> {
    await this.#ingress?.close();
  }

  get #address(): string {
    return this.options.address ?? '127.0.0.1';
  }

  /** An address of its own for each service. */
  async #publish(
    sandbox: StandInSandbox,
    addressOf: (service: ServiceName) => string,
    urlOf: (service: ServiceName, address: string, port: number) => string,
  ): Promise<Exposure> {
    const urls = new Map<ServiceName, string>();
    const ingresses: Ingress[] = [];
    for (const service of SERVICES) {
      const address = addressOf(service);
      const ingress = await Ingress.start(
        () => ({ sandbox, service }),
        { ...this.options, address },
        this.log,
      );
      ingresses.push(ingress);
      urls.set(service, urlOf(service, address, ingress.port));
    }
    return {
      urlOf: (service) => urls.get(service) ?? '',
      close: async () => {
        for (const ingress of ingresses) await ingress.close();
      },
    };
  }

  async #shareIngress(sandbox: StandInSandbox): Promise<Exposure> {
    this.#ingress ??= await Ingress.start((request) => this.#route(request), this.options, this.log);
    const base = `http://${this.#address}:${this.#ingress.port}/${sandbox.runtimeId}`;
    this.#sandboxes.set(sandbox.runtimeId, sandbox);
    return {
      urlOf: (service) => (service === 'AGENT_SERVER' ? base : `${base}/${LABELS[service]}`),
      close: () => {
        this.#sandboxes.delete(sandbox.runtimeId);
        return Promise.resolve();
      },
    };
  }

  /** Path routing: `/<runtime id>/work-1/…`, and for the agent-server `/<runtime id>/…`. */
  #route(request: IncomingMessage): Route | undefined {
    const [, runtimeId = '', label = ''] = (request.url ?? '').split(/[/?]/);
    const sandbox = this.#sandboxes.get(runtimeId);
    const service = SERVICES.find((name) => LABELS[name] === label) ?? 'AGENT_SERVER';
    return sandbox && { sandbox, service };
  }

  /** A TCP port, since an ingress for HTTP carries no SSH. */
  async #withSsh(sandbox: StandInSandbox, exposure: Exposure): Promise<Exposure> {
    const relay = await PortRelay.start({
      connect: () => sandbox.connectToPort(SSH_PORT),
      address: this.#address,
    });
    return {
      ...exposure,
      sshUrl: `http://localhost:${relay.port}`,
      close: async () => {
        relay.close();
        await exposure.close();
      },
    };
  }
}

/** As if the client were on the server's computer, wherever that is. */
function dockerUrl(_service: ServiceName, _address: string, port: number): string {
  return `http://localhost:${port}`;
}

/** The URLs of services but the agent-server's end in a slash. */
function hostUrl(service: ServiceName, address: string, port: number): string {
  return `http://${address}:${port}${service === 'AGENT_SERVER' ? '' : '/'}`;
}

/** A loopback address for each service of the nth sandbox: not every resolver knows names below localhost. */
function hostAddresses(n: number): (service: ServiceName) => string {
  return (service) => `127.1.${n % 256}.${SERVICES.indexOf(service) + 1}`;
}

import type { Duplex } from 'node:stream';
import { delay } from '../../../base/async';
import { createDeadline } from '../../../base/deadline';
import { describeErrorChain, printable } from '../../../base/errors';
import { shellQuote } from '../../../base/shell';
import { AgentLinkError } from '../../../agentProtocol/errors';
import { admissionOf } from '../../../agentProtocol/secret';
import { cloudErrorCode } from '../../../cloud/errors';
import type { AgentHost, PublicPort } from '../../../cloud/provider';
import { parseProbe, type SandboxFacts } from '../probe';
import type { ReachOptions } from './execReach';
import { INSTALLER, type InstallTask } from './installer';
import {
  END_OF_REPORT,
  LOOK_SCRIPT,
  parseReport,
  parseSighting,
  portsOf,
  type Absence,
  type LookMode,
  type Report,
} from './lookScript';
import { AgentStartError, failureIn, siteFor, type AgentReach } from './reach';
import { WebSocketCarrier } from './webSocketCarrier';

/** How an agent knows its own WebSockets; what routes by path puts its own before. */
const CARRIER_PATH = '/cloud-sandboxes-agent';
/** How long a router may take to let us through to a port that has just been opened. */
const ROUTE_MS = 30_000;
/** The same for an agent that was found: where it takes longer, another look shows whether that one still listens. */
const FOUND_ROUTE_MS = 5_000;
const DIAL_AGAIN_MS = 250;

export interface PortReachOptions extends Omit<ReachOptions, 'transport'> {
  readonly host: AgentHost;
}

/** The way over a WebSocket to a public port, where a cloud has no streams to a program. */
export class PortReach implements AgentReach {
  readonly #options: PortReachOptions;
  #facts: SandboxFacts | undefined;
  #port: PublicPort | undefined;

  constructor(options: PortReachOptions) {
    this.#options = options;
  }

  get facts(): SandboxFacts | undefined {
    return this.#facts;
  }

  async open(isRetry: boolean, signal: AbortSignal): Promise<Duplex> {
    const { host, log } = this.#options;
    const sighting = parseSighting(await this.#look(isRetry ? 'fresh' : 'look', signal));
    const ports = await host.publicPorts(signal);
    if (ports.length === 0) {
      const why =
        'The cloud lets nobody in by a port of this sandbox, and there is no other way to the agent';
      throw new AgentStartError('no-port', `${why}; ask who runs the cloud for public ports`);
    }
    if (sighting.kind === 'absent') {
      return this.#dialServed(ports, await this.#install(sighting, ports, signal), ROUTE_MS, signal);
    }
    try {
      return await this.#dialServed(ports, sighting.ports, FOUND_ROUTE_MS, signal);
    } catch (error) {
      if (isRetry || !(error instanceof AgentStartError)) throw error;
      log.info(`the agent in ${printable(sighting.dir)} is of no use: ${describeErrorChain(error)}`);
      return this.open(true, signal);
    }
  }

  async reopen(signal: AbortSignal): Promise<Duplex> {
    if (!this.#port) throw new AgentStartError('failed', 'The agent was not reached yet');
    try {
      return await this.#dial(this.#port, signal);
    } catch (error) {
      if (cloudErrorCode(error) === 'unreachable') await this.#mustRun(signal);
      throw error;
    }
  }

  /** Rejects if the reason why nothing answers is that the agent is gone, and all that ran by it. */
  async #mustRun(signal: AbortSignal): Promise<void> {
    if (parseSighting(await this.#look('look', signal)).kind === 'running') return;
    throw new AgentLinkError('unknown-session', 'No agent runs in the sandbox any more');
  }

  async #look(mode: LookMode, signal: AbortSignal): Promise<string> {
    const { host, program, keyId } = this.#options;
    const words = [program.version, keyId, mode].map(shellQuote).join(' ');
    const { stdout, stderr } = await host.run(`set -- ${words}\n${LOOK_SCRIPT}`, signal);
    const [probe = '', report = ''] = stdout.split(END_OF_REPORT);
    this.#facts = parseProbe(Buffer.from(probe), stderr);
    return report;
  }

  /** Resolves with the ports on which the agent listens. */
  async #install(
    absence: Absence,
    ports: readonly PublicPort[],
    signal: AbortSignal,
  ): Promise<readonly number[]> {
    const { host, program, keyId, secret, onStart } = this.#options;
    const { node, places } = siteFor(absence);
    onStart();
    const packed = await program.pack();
    const task = {
      version: program.version,
      keyId,
      size: packed.length,
      ports: ports.map(({ port }) => port),
    };
    for (let left = places; ;) {
      const prepared = await this.#run(node, { ...task, step: 'prepare', places: left }, signal);
      const dir = prepared.first('dir');
      const place = left.find((one) => dir?.startsWith(`${one}/`));
      if (dir === undefined || place === undefined) throw failureIn(prepared);
      await host.upload(`${dir}/secrets/${keyId}.upload`, secret, signal);
      if (prepared.first('have') !== 'yes') await host.upload(`${dir}/agent.js.upload`, packed, signal);
      const started = await this.#run(node, { ...task, step: 'start', places: [place] }, signal);
      if (started.first('dir') !== undefined) return portsOf(started.first('state'));
      left = left.slice(left.indexOf(place) + 1);
      if (left.length === 0) throw failureIn(started);
    }
  }

  /** Runs one step of the installer. */
  async #run(node: string, task: InstallTask, signal: AbortSignal): Promise<Report> {
    const { host, log } = this.#options;
    const script = [node, '-e', INSTALLER, JSON.stringify(task)].map(shellQuote).join(' ');
    const { stdout, stderr } = await host.run(`exec ${script}`, signal);
    if (stderr) log.debug(`installer: ${printable(stderr)}`);
    const report = parseReport(stdout);
    for (const attempt of report.all('tried')) log.info(`agent not in ${printable(attempt)}`);
    return report;
  }

  /** Dials the best port on which the agent listens. */
  async #dialServed(
    ports: readonly PublicPort[],
    served: readonly number[],
    patienceMs: number,
    signal: AbortSignal,
  ): Promise<Duplex> {
    this.#port = ports.find(({ port }) => served.includes(port));
    if (this.#port) return this.#dialPatiently(this.#port, patienceMs, signal);
    throw new AgentStartError(
      'no-port',
      'The agent got none of the ports by which the cloud lets anyone into the sandbox: other programs have them; end one of those',
    );
  }

  /** A router may need a moment for a port that has just been opened. */
  async #dialPatiently(port: PublicPort, patienceMs: number, signal: AbortSignal): Promise<Duplex> {
    const timedOut = (): Error =>
      new AgentStartError('no-port', `Nothing answers at the sandbox's public port ${port.port}`);
    const deadline = createDeadline(patienceMs, timedOut, signal);
    try {
      for (;;) {
        try {
          return await this.#dial(port, deadline.signal);
        } catch (error) {
          deadline.signal.throwIfAborted();
          if (cloudErrorCode(error) !== 'unreachable') throw error;
          this.#options.log.debug(`port ${port.port} does not answer yet: ${describeErrorChain(error)}`);
          await delay(DIAL_AGAIN_MS, deadline.signal);
        }
      }
    } finally {
      deadline.dispose();
    }
  }

  async #dial(port: PublicPort, signal: AbortSignal): Promise<Duplex> {
    const { secret } = this.#options;
    const headers = { authorization: `Bearer ${admissionOf(secret)}` };
    return new WebSocketCarrier(await port.dial({ path: CARRIER_PATH, headers, signal }));
  }
}

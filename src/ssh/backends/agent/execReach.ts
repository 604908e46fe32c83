import type { Duplex } from 'node:stream';
import { abortable } from '../../../base/async';
import { ByteReader } from '../../../base/byteReader';
import { createDeadline } from '../../../base/deadline';
import { printable } from '../../../base/errors';
import type { Logger } from '../../../base/logger';
import type { ExecRequest, RemoteProcess, Transport } from '../../../cloud/provider';
import { startProbe, type SandboxFacts } from '../probe';
import { makeBinary } from '../textSafe';
import type { AgentProgram } from './agentProgram';
import { ATTACH_FUNCTION } from './attachScript';
import { INSTALLER, type InstallTask } from './installer';
import {
  END_OF_REPORT,
  LOOK_SCRIPT,
  parseReport,
  parseSighting,
  type Absence,
  type LookMode,
  type Report,
} from './lookScript';
import { ProcessCarrier } from './processCarrier';
import { AgentStartError, failureIn, siteFor, type AgentReach } from './reach';

const MAX_REPORT_BYTES = 64 * 1024;
/** For one step in the sandbox: finding a Node, taking in the program, starting it. */
const STEP_MS = 30_000;

export interface ReachOptions {
  readonly transport: Transport;
  readonly program: AgentProgram;
  readonly secret: Buffer;
  readonly keyId: string;
  /** Told when the agent is about to be put there or started. */
  readonly onStart: () => void;
  readonly log: Logger;
}

/** The way over execs of the cloud: one of them hands its stdin and stdout over to the agent. */
export class ExecReach implements AgentReach {
  readonly #options: ReachOptions;
  #facts: SandboxFacts | undefined;
  /** Carries any byte, once the sandbox was looked into. */
  #transport: Transport;
  /** The agent's. */
  #dir = '';

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#transport = options.transport;
  }

  get facts(): SandboxFacts | undefined {
    return this.#facts;
  }

  async open(isRetry: boolean, signal: AbortSignal): Promise<Duplex> {
    const { transport } = this.#options;
    const { facts, process } = await this.#look(isRetry ? 'fresh' : 'attach', signal);
    let carrier: Duplex | undefined;
    try {
      this.#facts = facts;
      const sighting = parseSighting(await readReport(process, signal));
      this.#transport = (await makeBinary(transport, facts, signal)) ?? cannotEncode();
      if (sighting.kind === 'absent') return await this.#install(sighting, signal);
      this.#dir = sighting.dir;
      // The carrier that the look became would be damaged if the bytes must be encoded.
      if (this.#transport !== transport) return await this.reopen(signal);
      carrier = new ProcessCarrier(process);
      return carrier;
    } finally {
      if (!carrier) process.kill();
    }
  }

  async reopen(signal: AbortSignal): Promise<Duplex> {
    const script = `${ATTACH_FUNCTION}attach "$1"`;
    return new ProcessCarrier(await this.#exec(['sh', '-c', script, 'sh', this.#dir], signal));
  }

  #look(mode: LookMode, signal: AbortSignal): ReturnType<typeof startProbe> {
    const { transport, program, keyId } = this.#options;
    const exec = (request: ExecRequest, limit: AbortSignal): Promise<RemoteProcess> =>
      transport.exec(request, limit);
    return startProbe(exec, ['sh', '-c', LOOK_SCRIPT, 'sh', program.version, keyId, mode], signal);
  }

  /** The process that puts the agent there becomes the carrier. */
  async #install(absence: Absence, signal: AbortSignal): Promise<Duplex> {
    const { program, keyId, secret, onStart } = this.#options;
    const { node, places } = siteFor(absence);
    onStart();
    const packed = await program.pack();
    const { version } = program;
    const task: InstallTask = { step: 'stdin', version, keyId, size: packed.length, ports: [], places };
    const process = await this.#exec([node, '-e', INSTALLER, JSON.stringify(task)], signal);
    try {
      const prepared = await this.#nextReport(process, signal);
      if (prepared.first('dir') === undefined) throw failureIn(prepared);
      process.stdin.write(secret);
      if (prepared.first('have') !== 'yes') process.stdin.write(packed);
      const started = await this.#nextReport(process, signal);
      const dir = started.first('dir');
      if (dir === undefined) throw failureIn(started);
      this.#dir = dir;
      return new ProcessCarrier(process);
    } catch (error) {
      process.kill();
      throw error;
    }
  }

  async #nextReport(process: RemoteProcess, signal: AbortSignal): Promise<Report> {
    const report = parseReport(await readReport(process, signal));
    for (const attempt of report.all('tried')) this.#options.log.info(`agent not in ${printable(attempt)}`);
    return report;
  }

  /** Nobody needs what its stderr says: what failed is in the report, or shows in the handshake. */
  async #exec(argv: ExecRequest['argv'], signal: AbortSignal): Promise<RemoteProcess> {
    const process = await this.#transport.exec({ argv }, signal);
    process.stderr.resume();
    return process;
  }
}

async function readReport(process: RemoteProcess, signal: AbortSignal): Promise<string> {
  const timedOut = (): Error =>
    new AgentStartError('failed', `The sandbox did not start the agent within ${STEP_MS / 1000} s`);
  const deadline = createDeadline(STEP_MS, timedOut, signal);
  const reader = new ByteReader(process.stdout);
  try {
    const report = await abortable(reader.readUntil(END_OF_REPORT, MAX_REPORT_BYTES), deadline.signal);
    // A cloud that was lost meanwhile says so in the process's end.
    if (!report) await abortable(process.exited, deadline.signal);
    return report?.toString() ?? '';
  } finally {
    reader.release();
    deadline.dispose();
  }
}

function cannotEncode(): never {
  throw new AgentStartError(
    'not-binary',
    'The cloud damages output that is not text, and the sandbox has no perl, python3 or node to encode it',
  );
}

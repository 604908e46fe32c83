/** The real agent, as a process of this computer, and connections to it. */
import assert from 'node:assert/strict';
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CarrierKeeper } from '../../src/agentProtocol/carrierKeeper';
import { ResumableStream } from '../../src/agentProtocol/resumableStream';
import { keyIdOf } from '../../src/agentProtocol/secret';
import type { AgentRecord } from '../../src/agent/agentFolder';
import { sendSignal } from '../../src/processes/procfs';
import { AgentClient } from '../../src/ssh/backends/agent/agentClient';
import { AgentSession } from '../../src/ssh/backends/agent/agentSession';
import { eventually } from './eventually';
import { isRunning } from './processes';
import { endChild } from './sshHost';

export interface TestAgentOptions {
  /** Of `serve`, after `--dir`. */
  readonly args?: readonly string[];
  readonly node?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** What a test that was broken off leaves behind ends soon. */
const SHORT_LIFE = ['--session-seconds', '60', '--idle-exit-seconds', '60'];

/** An agent that runs in a folder, which it has to itself. */
export class TestAgent {
  readonly secret = randomBytes(32);
  readonly dir: string;
  readonly #options: TestAgentOptions;
  readonly #connections: AgentConnection[] = [];
  #child: ChildProcess | undefined;

  constructor(dir: string, options: TestAgentOptions = {}) {
    this.dir = dir;
    this.#options = options;
    mkdirSync(path.join(dir, 'secrets'), { recursive: true, mode: 0o700 });
    this.addSecret(this.secret);
  }

  static async start(dir: string, options: TestAgentOptions = {}): Promise<TestAgent> {
    const agent = new TestAgent(dir, options);
    await agent.start();
    return agent;
  }

  get child(): ChildProcess {
    if (!this.#child) throw new Error('The agent was not started');
    return this.#child;
  }

  get socket(): string {
    return path.join(this.dir, 'agent.sock');
  }

  get log(): string {
    return readFileSync(path.join(this.dir, 'agent.log'), 'utf8');
  }

  addSecret(secret: Buffer, mode = 0o600): void {
    writeFileSync(path.join(this.dir, 'secrets', keyIdOf(secret)), secret, { mode });
  }

  /** Resolves when it says that it runs. */
  async start(): Promise<AgentRecord> {
    const { node = process.execPath, args = [], env = process.env } = this.#options;
    this.#child = spawn(node, [agentProgram, 'serve', '--dir', this.dir, ...SHORT_LIFE, ...args], {
      env,
      stdio: 'ignore',
    });
    return this.record();
  }

  /** Of an agent that runs. */
  record(): Promise<AgentRecord> {
    return eventually(() => {
      const record = JSON.parse(readFileSync(path.join(this.dir, 'agent.json'), 'utf8')) as AgentRecord;
      if (this.#child && record.pid !== this.#child.pid) throw new Error('The record is of another agent');
      return record;
    });
  }

  /** By default, over the agent's socket. */
  async connect(
    dial: (signal: AbortSignal) => Promise<Duplex> = () => this.dialSocket(),
    secret = this.secret,
  ): Promise<AgentConnection> {
    const connection = new AgentConnection(dial, secret);
    this.#connections.push(connection);
    await connection.keeper.connected;
    return connection;
  }

  async dialSocket(): Promise<net.Socket> {
    const socket = net.connect(this.socket);
    await once(socket, 'connect');
    return socket;
  }

  async end(): Promise<void> {
    for (const connection of this.#connections) connection.close();
    if (this.#child) await endChild(this.#child);
  }
}

/** A session with an agent. */
export class AgentConnection {
  readonly stream = new ResumableStream();
  readonly client: AgentClient;
  readonly session: AgentSession;
  readonly keeper: CarrierKeeper;
  #carrier: Duplex | undefined;

  constructor(dial: (signal: AbortSignal) => Promise<Duplex>, secret: Buffer) {
    this.stream.on('error', () => undefined);
    this.session = new AgentSession(this.stream);
    this.client = new AgentClient(this.session);
    this.keeper = new CarrierKeeper({
      stream: this.stream,
      secret,
      dial: async (signal) => (this.#carrier = await dial(signal)),
      isFatal: () => true,
    });
  }

  /** Loses the carrier that it has; it dials another one. */
  cut(): void {
    this.#carrier?.destroy();
  }

  /** Goes away as a killed connection does: no carrier comes any more. */
  vanish(): void {
    this.keeper.dispose();
    this.cut();
  }

  /** Ends the session. */
  close(): void {
    this.keeper.dispose();
    this.stream.destroy();
  }
}

/** The bundle, as `npm run build` makes it. */
export const agentProgram = path.resolve('dist/agent.js');

/** The agents whose folders lie below this one, by their process ids. Any may be about to end. */
export function agentsIn(dir: string): number[] {
  const found = spawnSync('find', [dir, '-name', 'agent.json', '-exec', 'cat', '{}', '+'], {
    encoding: 'utf8',
  });
  return found.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as AgentRecord).pid)
    .filter(isRunning);
}

/** Ends the agents whose folders lie below this one, whatever they are doing. */
export async function killAgentsIn(dir: string): Promise<void> {
  const agents = agentsIn(dir);
  for (const pid of agents) sendSignal(pid, 'SIGKILL');
  await eventually(() => assert.ok(!agents.some(isRunning)));
}

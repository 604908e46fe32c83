import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { delay } from '../../src/base/async';
import { eventually } from '../helpers/eventually';
import { ForwardingSsh } from '../helpers/forwards';
import type { LossyNetwork } from '../helpers/lossyNetwork';
import { seededRandom } from '../helpers/random';
import { Relay } from '../helpers/relay';
import { readAll } from '../helpers/remoteProcess';
import { requireTool } from '../helpers/require';
import { SandboxOverSsh } from '../helpers/sandboxOverSsh';
import { KeystreamCheck, sendKeystream } from './keystream';

const GIGABYTE = 1e9;
const LOSSES = 100;
const MAX_BYTES_OF_A_CARRIER = 8e6;
const SILENCE_MS = 30_000;

type Harm = (network: LossyNetwork, random: () => number) => void | Promise<void>;

/** How a network loses a connection at once. */
const cuts: readonly Harm[] = [
  // In the middle of a WebSocket's frame, and of one of the session's.
  (network, random) => network.cutAfter(Math.floor(random() * MAX_BYTES_OF_A_CARRIER)),
  (network) => void network.cut('reset'),
  (network) => void network.cut('close'),
];

/** What only silence shows, and takes its time: by the number of the loss. */
const silences = new Map<number, Harm>([
  [25, (network) => network.forget()],
  [
    50,
    async (network) => {
      network.goSilent();
      await delay(SILENCE_MS);
      network.comeBack();
    },
  ],
  [75, (network) => network.forget()],
]);

describe('one connection over a network that fails', function () {
  this.timeout(60_000);
  let sandbox: SandboxOverSsh;
  let relay: Relay;
  let shared: ForwardingSsh;
  let socket: string;

  before(async function () {
    requireTool(this, 'ssh', 'bwrap');
    sandbox = await SandboxOverSsh.open({ runtime: 'bubblewrap', backend: 'agent' });
    relay = await Relay.start(sandbox.endpoint.baseUrl);
    await sandbox.serve(true, relay.url);
    socket = path.join(sandbox.dir, 'm');
    shared = await ForwardingSsh.open(sandbox, ['-M', '-S', socket]);
  });
  after(async () => {
    relay.network.close();
    await shared.close();
    await sandbox.close();
    await relay.stop();
  });

  /** How often the connection has been without a carrier. */
  const losses = (): number =>
    sandbox.states.filter(
      ({ phase }, at) => phase === 'reconnecting' && sandbox.states[at - 1]?.phase !== 'reconnecting',
    ).length;
  const isConnected = (): boolean => sandbox.states.at(-1)?.phase === 'connected';

  /** Resolves when the connection has lost its carrier and has another. */
  async function lose(harm: Harm, random: () => number): Promise<void> {
    // While it looks for a carrier there is none to lose.
    await eventually(() => assert.ok(isConnected()), 60_000);
    const before = losses();
    await harm(relay.network, random);
    await eventually(() => assert.ok(losses() > before && isConnected()), 60_000);
  }

  it(`carries a gigabyte each way, each byte once and in order, while ${LOSSES} carriers are lost`, async () => {
    const seed = Date.now() % 2 ** 31;
    const random = seededRandom(seed);
    const shell = new Shell(sandbox.spawn('ssh', ['-S', socket, '-tt', sandbox.alias]));
    await shell.answers('losses=0; echo be""gun', 'begun');
    const bulk = sandbox.spawn('ssh', ['-S', socket, sandbox.alias, 'cat']);
    const complaints = readAll(bulk.stderr!);
    const ended = once(bulk, 'close');
    const check = new KeystreamCheck();
    const flows = Promise.all([
      pipeline(sendKeystream(GIGABYTE), bulk.stdin!),
      pipeline(bulk.stdout!, check),
    ]);

    const disturb = async (): Promise<void> => {
      for (let loss = 0; loss < LOSSES; loss++) {
        await check.reaches(((loss + random()) * GIGABYTE) / (LOSSES + 2));
        await lose(silences.get(loss) ?? cuts[Math.floor(random() * cuts.length)]!, random);
        shell.type('losses=$((losses+1))');
      }
    };
    await Promise.all([flows, disturb()]).catch((error: unknown) => {
      throw new Error(`It failed with the seed ${seed}`, { cause: error });
    });

    assert.equal(check.received, GIGABYTE);
    assert.deepEqual(await ended, [0, null]);
    assert.equal((await complaints).toString(), '');
    await shell.answers('echo lost=$losses', `lost=${LOSSES}`);
  }).timeout(300_000);
});

/** An interactive shell in a terminal. */
class Shell {
  #screen = '';

  constructor(private readonly ssh: ChildProcess) {
    ssh.stdout!.on('data', (chunk: Buffer) => (this.#screen += chunk.toString()));
  }

  type(line: string): void {
    this.ssh.stdin!.write(`${line}\n`);
  }

  /** Types a line and waits for what it prints; the echo of the line must not have that. */
  async answers(line: string, answer: string): Promise<void> {
    this.type(line);
    await eventually(() => assert.ok(this.#screen.includes(answer)));
  }
}

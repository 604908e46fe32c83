import assert from 'node:assert/strict';
import { createHash, type Hash } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { CarrierAcceptor } from '../../../src/agentProtocol/carrierAcceptor';
import { ClientHandshake } from '../../../src/agentProtocol/clientHandshake';
import { ResumableStream } from '../../../src/agentProtocol/resumableStream';
import { deriveSecret } from '../../../src/agentProtocol/secret';
import { TestSessions } from '../../helpers/agentSessions';
import { carrierPair, type FaultyCarrier } from '../../helpers/carrierPair';
import { eventually } from '../../helpers/eventually';
import { seededRandom } from '../../helpers/random';

const secret = deriveSecret('user key');
const TOTAL_BYTES = 64 * 1024 * 1024;
const CUTS = 100;

/** Length and hash of a run of bytes. */
class Digest {
  readonly #hash: Hash = createHash('sha1');
  length = 0;

  add(chunk: Buffer): void {
    this.#hash.update(chunk);
    this.length += chunk.length;
  }

  finish(): string {
    return `${this.length} ${this.#hash.digest('hex')}`;
  }
}

/** Writes bytes that differ from place to place, in chunks of any size; gives what it wrote. */
async function writeAll(stream: Duplex, random: () => number): Promise<Digest> {
  const digest = new Digest();
  const block = Buffer.from(Array.from({ length: 512 * 1024 }, () => Math.floor(random() * 256)));
  while (digest.length < TOTAL_BYTES) {
    const start = Math.floor(random() * 1024);
    // Mostly whole blocks; a quarter of them are as small as a keystroke's.
    const wanted = random() < 0.25 ? 1 + random() * 300 : random() * (block.length - 1024);
    const length = Math.min(Math.ceil(wanted), TOTAL_BYTES - digest.length);
    const chunk = block.subarray(start, start + length);
    digest.add(chunk);
    if (!stream.write(chunk)) await new Promise((resolve) => stream.once('drain', resolve));
  }
  return digest;
}

function readAll(stream: Duplex): Digest {
  const digest = new Digest();
  stream.on('data', (chunk: Buffer) => digest.add(chunk));
  return digest;
}

describe('A session whose carriers are cut', () => {
  for (const seed of [1, 2, 3]) {
    it(`loses no byte and doubles none in ${CUTS} cuts (seed ${seed})`, async () => {
      const random = seededRandom(seed);
      const client = new ResumableStream();
      const sessions = new TestSessions([secret]);
      const acceptor = new CarrierAcceptor(sessions);
      const handshake = new ClientHandshake(secret);

      /** Mostly within frames; some carriers die in their handshake or their first headers. */
      const bytesUntilCut = (): number => Math.ceil(random() * (random() < 0.3 ? 400 : 1_200_000));
      const cutSomehow = ({ near, far }: { near: FaultyCarrier; far: FaultyCarrier }): void => {
        (random() < 0.5 ? near : far).cutAfter(bytesUntilCut());
      };
      let dialled = 0;
      const connect = async (): Promise<void> => {
        const carriers = carrierPair({ pieceBytes: () => 1 + Math.floor(random() * 120_000) });
        if (dialled++ < CUTS) cutSomehow(carriers);
        acceptor.accept(carriers.far).catch(() => undefined);
        try {
          const peerReceived = await handshake.perform(
            carriers.near,
            client.received,
            new AbortController().signal,
          );
          client.attach(carriers.near, { peerReceived });
        } catch {
          carriers.near.destroy();
          setImmediate(() => void connect());
        }
      };
      client.on('detached', () => void connect());
      await connect();
      const agent = await eventually(() => {
        assert.ok(sessions.held[0]);
        return sessions.held[0].stream;
      });

      const received = [readAll(agent), readAll(client)] as const;
      const sent = await Promise.all([writeAll(client, random), writeAll(agent, random)]);
      await eventually(() => {
        assert.deepEqual([received[0].length, received[1].length], [TOTAL_BYTES, TOTAL_BYTES]);
      });

      assert.equal(received[0].finish(), sent[0].finish());
      assert.equal(received[1].finish(), sent[1].finish());
      assert.ok(dialled > CUTS, `${dialled} carriers`);
      assert.equal(sessions.held.length, 1);
      client.destroy();
      sessions.forget();
    });
  }
});

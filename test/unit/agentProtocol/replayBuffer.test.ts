import assert from 'node:assert/strict';
import { ReplayBuffer } from '../../../src/agentProtocol/replayBuffer';
import { seededRandom } from '../../helpers/random';

function filled(...chunks: readonly string[]): ReplayBuffer {
  const buffer = new ReplayBuffer();
  for (const chunk of chunks) buffer.append(Buffer.from(chunk));
  return buffer;
}

const take = (buffer: ReplayBuffer, max = Infinity): string =>
  Buffer.concat(buffer.take(max)).toString('latin1');

describe('ReplayBuffer', () => {
  it('gives what was put in, in order, and each byte once', () => {
    const buffer = filled('abc', 'def');

    assert.deepEqual([take(buffer, 2), take(buffer, 3), take(buffer), take(buffer)], ['ab', 'cde', 'f', '']);
  });

  it('goes back to what was not acknowledged', () => {
    const buffer = filled('abcdef');
    take(buffer);

    buffer.rewind(4);

    assert.equal(take(buffer), 'ef');
  });

  it('lets go of what was acknowledged', () => {
    const buffer = filled('abcdef');
    take(buffer, 4);

    buffer.acknowledge(3);

    assert.deepEqual([buffer.length, buffer.unsent, take(buffer)], [3, 2, 'ef']);
  });

  it('tells which acknowledgements can be true', () => {
    const buffer = filled('abcdef');
    take(buffer, 4);
    buffer.acknowledge(2);
    buffer.rewind(3);

    assert.deepEqual(
      [2, 3, 4, 5].map((position) => buffer.canAcknowledge(position)),
      [false, true, true, false],
    );
  });

  it('keeps large chunks without a copy', () => {
    const large = Buffer.alloc(64 * 1024);
    const buffer = new ReplayBuffer();

    buffer.append(large);

    assert.equal(buffer.take(Infinity)[0], large);
  });

  it('keeps small chunks together', () => {
    const buffer = new ReplayBuffer();

    for (let count = 0; count < 10_000; count++) buffer.append(Buffer.of(count));

    assert.equal(buffer.take(Infinity).length, 1);
  });

  it('does not change what it gave when more small chunks come', () => {
    const buffer = filled('ab');
    const [given] = buffer.take(Infinity);

    buffer.append(Buffer.from('cd'));

    assert.deepEqual([given?.toString(), take(buffer)], ['ab', 'cd']);
  });

  it('is empty after it was cleared', () => {
    const buffer = filled('abc');

    buffer.clear();

    assert.deepEqual([buffer.length, buffer.unsent, take(buffer)], [0, 0, '']);
  });

  for (let seed = 1; seed <= 20; seed++) {
    it(`holds what a plain string would after any operations (seed ${seed})`, () => agreesWithModel(seed));
  }
});

/** The model: all that was ever put in, as one string, with the positions in it. */
function agreesWithModel(seed: number): void {
  const random = seededRandom(seed);
  const upTo = (limit: number): number => Math.floor(random() * (limit + 1));
  const buffer = new ReplayBuffer();
  const model = { bytes: '', acknowledged: 0, sent: 0 };
  const operations = [
    (): void => {
      const length = upTo(random() < 0.5 ? 20 : 5_000);
      const chunk = Buffer.from(Array.from({ length }, () => upTo(255)));
      buffer.append(chunk);
      model.bytes += chunk.toString('latin1');
    },
    (): void => {
      const max = upTo(6_000);
      assert.equal(take(buffer, max), model.bytes.slice(model.sent, model.sent + max));
      model.sent = Math.min(model.bytes.length, model.sent + max);
    },
    (): void => {
      model.acknowledged += upTo(model.sent - model.acknowledged);
      buffer.acknowledge(model.acknowledged);
    },
    (): void => {
      model.acknowledged += upTo(model.sent - model.acknowledged);
      model.sent = model.acknowledged;
      buffer.rewind(model.acknowledged);
    },
  ];
  for (let step = 0; step < 500; step++) {
    operations[upTo(operations.length - 1)]!();
    assert.deepEqual(
      [buffer.length, buffer.unsent],
      [model.bytes.length - model.acknowledged, model.bytes.length - model.sent],
    );
  }
}

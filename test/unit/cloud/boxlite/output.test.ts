import assert from 'node:assert/strict';
import { Output } from '../../../../src/cloud/boxlite/output';
import { readAll } from '../../../helpers/remoteProcess';

const CHUNK = Buffer.alloc(64 * 1024);

describe('Output', () => {
  it('is full at its limit and says when there is room again', async () => {
    let rooms = 0;
    const output = new Output(() => rooms++);
    let delivered = 0;
    while (!output.isFull) {
      output.deliver(CHUNK);
      delivered += CHUNK.length;
    }
    assert.equal(delivered, 256 * 1024);
    assert.equal(rooms, 0);

    void output.finish();

    assert.equal((await readAll(output)).length, delivered);
    assert.deepEqual([output.isFull, rooms], [false, 1]);
  });

  it('has room for ever once its reader has gone', () => {
    let rooms = 0;
    const output = new Output(() => rooms++);
    while (!output.isFull) output.deliver(CHUNK);

    output.destroy();
    output.deliver(CHUNK);

    assert.deepEqual([output.isFull, rooms], [false, 1]);
  });

  it('finishes by itself when it is empty and nobody looks', async () => {
    await new Output(() => undefined).finish();
  });

  it('finishes only after its reader has read all', async () => {
    const output = new Output(() => undefined);
    output.deliver(Buffer.from('last words'));
    let isFinished = false;
    const finished = output.finish().then(() => (isFinished = true));
    await new Promise(setImmediate);
    assert.equal(isFinished, false);

    assert.equal((await readAll(output)).toString(), 'last words');

    assert.equal(await finished, true);
  });

  it('fails without a listener and without harm', () => {
    new Output(() => undefined).destroy(new Error('lost'));
  });
});

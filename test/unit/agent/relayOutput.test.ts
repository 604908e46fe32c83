import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { relayOutput } from '../../../src/agent/relayOutput';

const MORE_THAN_IS_BUFFERED = Buffer.alloc(1024 * 1024);

describe('relayOutput', () => {
  const takers = [
    { name: 'from the beginning', leave: (target: PassThrough) => target.destroy() },
    {
      name: 'after a while',
      leave: (target: PassThrough) => void target.once('data', () => target.destroy()),
    },
  ];
  for (const { name, leave } of takers) {
    it(`throws away what nobody takes, ${name}, so that the program can end`, async () => {
      const source = new PassThrough();
      const target = new PassThrough();
      leave(target);

      const relayed = relayOutput(source, target, new Promise(() => undefined));
      source.end(MORE_THAN_IS_BUFFERED);

      await Promise.all([relayed, finished(source, { writable: false })]);
      assert.equal(source.readableEnded, true);
    });
  }
});

import { strict as assert } from 'node:assert';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { PassThrough, type Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Services } from '../../../src/localCloud/app';
import { fileRoutes } from '../../../src/localCloud/fileRoutes';
import { eventually } from '../../helpers/eventually';

describe('Transfer of files', () => {
  let uses: number;
  let routes: (runtime: object) => ReturnType<typeof fileRoutes>;

  beforeEach(() => {
    uses = 0;
    const boxes = { use: () => Promise.resolve({ id: 'box' }), touch: () => uses++ };
    routes = (runtime) => fileRoutes({ boxes, runtime } as unknown as Services);
  });

  it('to a box counts as its use for as long as it takes', async () => {
    const incoming = new IncomingMessage(new Socket());
    const putArchive = (_box: unknown, _path: string, tar: Readable): Promise<string> => text(tar);

    const answer = routes({ putArchive }).request('/box/files?path=x', { method: 'PUT' }, { incoming });
    for (let sent = 1; sent <= 3; sent++) {
      incoming.push('data');
      await eventually(() => assert.equal(uses, sent));
    }
    incoming.push(null);

    assert.equal((await answer).status, 204);
  });

  it('from a box counts as its use for as long as it takes', async () => {
    const archive = new PassThrough();
    const getArchive = (): Promise<Readable> => Promise.resolve(archive);

    const answer = await routes({ getArchive }).request('/box/files?path=x');
    const received = answer.text();
    for (let sent = 1; sent <= 3; sent++) {
      archive.write('data');
      await eventually(() => assert.equal(uses, sent));
    }
    archive.end();

    assert.equal(await received, 'data'.repeat(3));
  });

  it('to a box that takes no more of it leaves the connection open, for the answer that says why', async () => {
    const incoming = new IncomingMessage(new Socket());
    const putArchive = (_box: unknown, _path: string, tar: Readable): Promise<void> => {
      tar.destroy();
      return Promise.reject(new Error('disk full'));
    };

    await routes({ putArchive })
      .onError((error, c) => c.text(error.message, 500))
      .request('/box/files?path=x', { method: 'PUT' }, { incoming });

    assert.equal(incoming.destroyed, false);
  });

  it('to a box breaks off with its client', async () => {
    const incoming = new IncomingMessage(new Socket());
    const putArchive = (_box: unknown, _path: string, tar: Readable): Promise<string> => text(tar);

    const answer = routes({ putArchive })
      .onError((error, c) => c.text(error.message, 500))
      .request('/box/files?path=x', { method: 'PUT' }, { incoming });
    incoming.push('data');
    await eventually(() => assert.equal(uses, 1));
    incoming.destroy(new Error('aborted'));

    assert.equal(await (await answer).text(), 'aborted');
  });
});

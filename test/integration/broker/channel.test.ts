import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import { silentLogger } from '../../../src/base/logger';
import { openChannel } from '../../../src/broker/channel';

/** Of timers that keep this process. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;

/** Many, since timers of others come and go. */
const CHANNELS = 10;

describe('A channel whose peer breaks off within a message', () => {
  it('leaves no timer behind', async () => {
    const server = net.createServer();
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as net.AddressInfo;
    const before = timers();

    for (let channel = 0; channel < CHANNELS; channel++) {
      const accepted = once(server, 'connection') as Promise<[net.Socket]>;
      const peer = net.connect(port, '127.0.0.1');
      const [socket] = await accepted;
      openChannel(socket, 1000, silentLogger).listen();
      const closed = once(socket, 'close');
      peer.end('Content-Length: 100\r\n\r\n{"jsonrpc"');
      await closed;
    }
    server.close();

    assert.ok(timers() - before < CHANNELS / 2, `${timers() - before} timers more`);
  });
});

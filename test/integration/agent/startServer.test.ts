import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import * as net from 'node:net';
import * as path from 'node:path';
import { mock } from 'node:test';
import { startServer } from '../../../src/agent/startServer';
import { silentLogger, type Logger } from '../../../src/base/logger';
import { useTempDir } from '../../helpers/tempDir';

describe('A server of the agent', () => {
  const dir = useTempDir();
  let server: net.Server;
  beforeEach(() => {
    server = net.createServer((socket) => socket.end());
  });
  afterEach(() => server.close());

  it('listens on a socket that is nobody else’s', async () => {
    const socket = path.join(dir.path, 'socket');

    await startServer(server, { path: socket }, silentLogger);

    assert.equal(statSync(socket).mode & 0o777, 0o600);
  });

  it('is closed when it cannot listen', async () => {
    await startServer(server, { port: 0, host: '127.0.0.1' }, silentLogger);
    const { port } = server.address() as net.AddressInfo;
    const second = net.createServer();
    const close = mock.method(second, 'close');

    const started = startServer(second, { port, host: '127.0.0.1' }, silentLogger);

    await assert.rejects(started, { code: 'EADDRINUSE' });
    assert.equal(close.mock.callCount(), 1);
  });

  it('serves on after a connection that could not be accepted, which the log tells of', async () => {
    const warnings: string[] = [];
    const log: Logger = { ...silentLogger, warn: (message) => warnings.push(message) };
    await startServer(server, { port: 0, host: '127.0.0.1' }, log);

    // net.Server does so where accept(2) fails.
    server.emit('error', new Error('accept EMFILE'));

    const { port } = server.address() as net.AddressInfo;
    await once(net.connect(port, '127.0.0.1'), 'connect');
    assert.deepEqual(warnings, ['a listener failed: accept EMFILE']);
  });
});

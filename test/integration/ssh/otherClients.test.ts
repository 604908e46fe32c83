/** What OpenSSH's client never does, and libraries of other clients do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import * as net from 'node:net';
import ssh2, { type AuthenticationType, type ClientChannel, type ConnectConfig } from 'ssh2';
import { sendSignal } from '../../../src/ssh/ssh2Internals';
import { generateKeyPair } from '../../../src/keys/keyPair';
import { BridgeHost } from '../../helpers/bridgeHost';
import { LocalBackend } from '../../helpers/localBackend';
import { readAll } from '../../helpers/remoteProcess';

describe('a client other than OpenSSH', () => {
  let host: BridgeHost;
  let client: ssh2.Client;
  beforeEach(async () => {
    host = await BridgeHost.open(() => new LocalBackend());
    client = new ssh2.Client();
  });
  afterEach(async () => {
    client.end();
    await host.close();
  });

  async function connect(
    authHandler: readonly AuthenticationType[],
    config: ConnectConfig = {},
  ): Promise<void> {
    const ready = once(client, 'ready');
    client.connect({
      sock: net.connect(host.port, '127.0.0.1'),
      username: 'user',
      authHandler: [...authHandler],
      ...config,
    });
    await ready;
  }

  function exec(command: string): Promise<ClientChannel> {
    return new Promise((resolve, reject) => {
      client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
    });
  }

  const methods: readonly { method: AuthenticationType; config: ConnectConfig }[] = [
    { method: 'none', config: {} },
    { method: 'password', config: { password: 'anything' } },
    { method: 'publickey', config: { privateKey: generateKeyPair().privateKey } },
    { method: 'keyboard-interactive', config: { tryKeyboard: true } },
  ];
  for (const { method, config } of methods) {
    it(`is let in where it begins with "${method}"`, async () => {
      await connect([method], config);

      assert.equal(String(await readAll(await exec('echo in'))), 'in\n');
    });
  }

  it('signals a program whose input it has ended', async () => {
    await connect(['none']);
    const channel = await exec('trap "echo told; exit 0" USR1; echo ready; while :; do sleep 0.1; done');
    await once(channel, 'data');
    channel.end();

    sendSignal(channel, 'USR1');

    assert.equal(String(await readAll(channel)), 'told\n');
  });
});

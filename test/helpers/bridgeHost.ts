/** A bridge in the test's own process, before a backend of the test's choice. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as net from 'node:net';
import * as os from 'node:os';
import * as path from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { generateKeyPair } from '../../src/keys/keyPair';
import type { Backend } from '../../src/ssh/backend';
import { GreetedStream } from '../../src/ssh/greeting';
import { serveBridge } from '../../src/ssh/server';
import { SshHost } from './sshHost';

/** Each connection of ssh gets a bridge and a backend of its own. Its owner closes it. */
export class BridgeHost extends SshHost {
  readonly alias = 'bridge';
  readonly configFile: string;
  /** Of this computer: where a client that reads no configuration finds it. */
  readonly port: number;
  readonly #bridges = new Set<Promise<void>>();

  private constructor(
    private readonly server: net.Server,
    readonly dir: string,
    hostKey: string,
  ) {
    super();
    this.port = (server.address() as net.AddressInfo).port;
    writeFileSync(path.join(dir, 'known_hosts'), `bridge ${hostKey}\n`);
    this.configFile = path.join(dir, 'config');
    const lines = [
      'Host bridge',
      `  ProxyCommand ${process.execPath} -e "${proxyScript(this.port)}"`,
      '  User user',
      // Of those that our own configuration prefers: only with them a command line can be as long as with an sshd.
      '  Ciphers aes128-gcm@openssh.com',
      // Named as in our own configuration, which keeps OpenSSH 10.1 and newer from warning of it.
      '  KexAlgorithms curve25519-sha256@libssh.org',
      `  UserKnownHostsFile ${dir}/known_hosts`,
      '  GlobalKnownHostsFile /dev/null',
    ];
    writeFileSync(this.configFile, `${lines.join('\n')}\n`);
  }

  static async open(createBackend: () => Backend): Promise<BridgeHost> {
    const { privateKey, publicKey } = generateKeyPair();
    const server = net.createServer((socket) => void host.#serve(socket, createBackend(), privateKey));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const dir = mkdtempSync(path.join(os.tmpdir(), 'sbx-'));
    const host = new BridgeHost(server, dir, publicKey);
    return host;
  }

  async close(): Promise<void> {
    await this.endChildren();
    this.server.close();
    await Promise.all(this.#bridges);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5 });
  }

  async #serve(socket: net.Socket, backend: Backend, hostKey: string): Promise<void> {
    const bridge = serveBridge({
      stream: new GreetedStream(socket, socket),
      hostKey,
      backend,
      ready: backend.ready(new AbortController().signal),
      progress: () => 'Waiting',
      log: silentLogger,
    });
    this.#bridges.add(bridge);
    await bridge;
    this.#bridges.delete(bridge);
  }
}

/** Joins stdin and stdout with a port of this computer: no quote, and nothing that a shell or ssh would expand. */
function proxyScript(port: number): string {
  return `const s = require('net').connect(${port}, '127.0.0.1'); process.stdin.pipe(s).pipe(process.stdout)`;
}

import * as os from 'node:os';
import { CloudError } from '../../src/cloud/errors';
import type { SshService, Transport } from '../../src/cloud/provider';
import { silentLogger } from '../../src/base/logger';
import { SshdBackend } from '../../src/ssh/backends/sshd';
import { FakeCloud } from './fakeCloud';
import { connectTo } from './forwards';
import type { SshdHost } from './sshd';

/** An SSH server on loopback, and the keys that belong to it. */
export type SshServer = Pick<SshdHost, 'port' | 'hostKey' | 'userKey'>;

/** A cloud whose one sandbox is reached by its SSH server, and in no other way. */
export class CloudWithSshd extends FakeCloud {
  /** What the cloud says of the server; undefined where it has none. */
  service: SshService | undefined;

  constructor(private readonly sshd: SshServer) {
    super({ id: 'box', name: 'box', status: 'running' });
    this.service = {
      user: os.userInfo().username,
      hostKeys: [sshd.hostKey],
      dial: () => connectTo(sshd.port),
    };
  }

  override transport(): Transport {
    const unsupported = (): Promise<never> =>
      Promise.reject(new CloudError('unsupported', 'This cloud has no exec'));
    return {
      capabilities: unsupported,
      exec: unsupported,
      roundTripMs: () => undefined,
      sshService: () => Promise.resolve(this.service),
    };
  }

  createBackend(userKey = this.sshd.userKey): SshdBackend {
    return new SshdBackend({
      client: this,
      sandbox: { id: 'box', name: 'box' },
      mayStart: false,
      onProgress: () => undefined,
      userKey,
      log: silentLogger,
    });
  }
}

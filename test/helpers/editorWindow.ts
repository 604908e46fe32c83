/** A window of an editor, without the editor: the parts as the extension composes them, over folders of a test. */
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { silentLogger } from '../../src/base/logger';
import type { BackendChoice, ConnectionState } from '../../src/broker/protocol';
import { listAll } from '../../src/cloud/listAll';
import { providerOf } from '../../src/cloud/registry';
import type { SandboxKeys } from '../../src/keys/keyPair';
import { MemorySecretStore } from '../../src/keys/secretStore';
import { EditConsent } from '../../src/remote/editConsent';
import { GrantSource } from '../../src/remote/grantSource';
import { RemoteSshSettings, type UserSettings } from '../../src/remote/remoteSshSettings';
import { SandboxBook } from '../../src/remote/sandboxBook';
import { SandboxOpener } from '../../src/remote/sandboxOpener';
import { signOut } from '../../src/remote/signOut';
import { SshSetup } from '../../src/remote/sshSetup';
import { WindowBroker } from '../../src/remote/windowBroker';
import type { Account } from '../../src/sandboxes/account';
import { AccountStore } from '../../src/sandboxes/accountStore';
import { CloudAccess } from '../../src/sandboxes/cloudAccess';
import { Lifecycle } from '../../src/sandboxes/lifecycle';
import type { LocalCloudAddress } from '../../src/sandboxes/localCloud';
import { SandboxList } from '../../src/sandboxes/sandboxList';
import { useLocalCloud } from '../../src/sandboxes/signIn';
import type { LocalCloudServer } from './localCloud';
import { MemoryState } from './memoryState';

/** Of an editor without Remote-SSH. */
const noSettings: UserSettings = {
  has: () => false,
  get: () => undefined,
  effective: () => undefined,
  set: () => Promise.reject(new Error('there is no such setting')),
};

export interface EditorWindowOptions {
  /** Of the computer, shared by all its editors: `ssh` with the user's SSH files, and `run` with the brokers. */
  readonly dir: string;
  readonly server: LocalCloudServer;
  /** Result of `editorTag`. */
  readonly editor: string;
  /** Name of the editor's own folder for data, in `dir`. */
  readonly data: string;
  readonly backend: BackendChoice;
}

/** Its owner closes it. */
export class EditorWindow {
  readonly #state = new MemoryState();
  readonly #secrets = new MemorySecretStore();
  readonly #broker: WindowBroker;
  readonly book = new SandboxBook(this.#state);
  readonly accounts = new AccountStore(this.#state, this.#secrets);
  readonly access: CloudAccess;
  readonly list: SandboxList;
  readonly lifecycle: Lifecycle;
  readonly ssh: SshSetup;
  readonly opener: SandboxOpener;
  /** What connections have said. */
  readonly states: ConnectionState[] = [];
  /** The keys that it grants; a test may have others. */
  keysOf: (alias: string) => Promise<SandboxKeys | undefined> = (alias) => this.ssh.keysForConnection(alias);

  constructor({ dir, server, editor, data, backend }: EditorWindowOptions) {
    const { accounts, book } = this;
    const localCloud = async (): Promise<LocalCloudAddress> => ({
      url: server.ready.url,
      token: (await fs.readFile(server.ready.tokenFile, 'utf8')).trim(),
    });
    this.access = new CloudAccess({
      accounts,
      connect: (endpoint, log) => providerOf(endpoint.provider).connect(endpoint, log),
      localCloud: { find: localCloud, start: localCloud },
      network: () => undefined,
      log: silentLogger,
    });
    const client = this.access.client.bind(this.access);
    this.list = new SandboxList({
      accounts,
      listSandboxes: async (account, signal) => listAll(await client(account, signal), signal),
    });
    this.lifecycle = new Lifecycle({ list: this.list, client, confirmStart: () => Promise.resolve() });
    const runDir = path.join(dir, 'run');
    const sshDir = path.join(dir, 'ssh');
    this.ssh = new SshSetup({
      sshDir,
      editor,
      launcher: { runtimes: [process.execPath], script: path.resolve('dist', 'connection.js'), runDir },
      secrets: this.#secrets,
      publicKeysDir: path.join(dir, data, 'public-keys'),
      book,
      consent: new EditConsent(this.#state),
      remoteSsh: new RemoteSshSettings(this.#state, noSettings),
      settings: () => ({ configFile: path.join(sshDir, 'config') }),
      log: silentLogger,
    });
    const grants = new GrantSource({
      book,
      accounts,
      access: this.access,
      keys: (alias) => this.keysOf(alias),
      backend: () => backend,
    });
    this.#broker = new WindowBroker({
      dir: runDir,
      editor,
      grant: (alias, signal) => grants.answer(alias, signal),
      onState: (connection) => this.states.push(connection),
      log: silentLogger,
    });
    const { lifecycle, ssh } = this;
    this.opener = new SandboxOpener({
      book,
      broker: this.#broker,
      lifecycle,
      ssh,
      client,
      log: silentLogger,
    });
  }

  useLocalCloud(): Promise<Account> {
    return useLocalCloud(this.access, this.accounts);
  }

  signOut(account: Account): ReturnType<typeof signOut> {
    const { accounts, access, book, ssh } = this;
    return signOut(account, { accounts, access, book, ssh });
  }

  close(): void {
    this.#broker.dispose();
    this.list.dispose();
    this.access.dispose();
  }
}

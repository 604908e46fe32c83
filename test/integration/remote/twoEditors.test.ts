import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { silentLogger } from '../../../src/base/logger';
import { listAll } from '../../../src/cloud/listAll';
import { providerOf } from '../../../src/cloud/registry';
import { MemorySecretStore } from '../../../src/keys/secretStore';
import { EditConsent } from '../../../src/remote/editConsent';
import { GrantSource } from '../../../src/remote/grantSource';
import { RemoteSshSettings, type UserSettings } from '../../../src/remote/remoteSshSettings';
import { SandboxBook } from '../../../src/remote/sandboxBook';
import { SandboxOpener, type OpenPhase, type Progress } from '../../../src/remote/sandboxOpener';
import { signOut } from '../../../src/remote/signOut';
import { SshSetup } from '../../../src/remote/sshSetup';
import { WindowBroker } from '../../../src/remote/windowBroker';
import type { Account } from '../../../src/sandboxes/account';
import { AccountStore } from '../../../src/sandboxes/accountStore';
import { CloudAccess } from '../../../src/sandboxes/cloudAccess';
import { Lifecycle } from '../../../src/sandboxes/lifecycle';
import type { LocalCloudAddress } from '../../../src/sandboxes/localCloud';
import { SandboxList, type SandboxRef } from '../../../src/sandboxes/sandboxList';
import { useLocalCloud } from '../../../src/sandboxes/signIn';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { MemoryState } from '../../helpers/memoryState';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const run = promisify(execFile);
const userConfig = '# mine\n';
const progress: Progress<OpenPhase> = { signal: new AbortController().signal, report: () => undefined };

/** Of an editor without Remote-SSH. */
const noSettings: UserSettings = {
  has: () => false,
  get: () => undefined,
  effective: () => undefined,
  set: () => Promise.reject(new Error('there is no such setting')),
};

/** What all editors of one user share. */
interface Computer {
  readonly dir: string;
  readonly server: LocalCloudServer;
}

/** The parts of a window of one editor, as the extension composes them, with a data folder of the editor's own. */
class EditorWindow {
  readonly #state = new MemoryState();
  readonly #secrets = new MemorySecretStore();
  readonly book = new SandboxBook(this.#state);
  readonly accounts = new AccountStore(this.#state, this.#secrets);
  readonly access: CloudAccess;
  readonly list: SandboxList;
  readonly lifecycle: Lifecycle;
  readonly ssh: SshSetup;
  readonly opener: SandboxOpener;
  readonly #broker: WindowBroker;

  /** @param tag result of `editorTag` */
  constructor({ dir, server }: Computer, name: string, tag: string) {
    const localCloud = async (): Promise<LocalCloudAddress> => ({
      url: server.ready.url,
      token: (await fs.readFile(server.ready.tokenFile, 'utf8')).trim(),
    });
    const { accounts, book } = this;
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
    const script = path.resolve('dist', 'connection.js');
    this.ssh = new SshSetup({
      sshDir,
      editor: tag,
      launcher: { runtimes: [process.execPath], script, runDir },
      secrets: this.#secrets,
      publicKeysDir: path.join(dir, name, 'public-keys'),
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
      keys: (alias) => this.ssh.keysForConnection(alias),
      backend: () => 'auto',
    });
    this.#broker = new WindowBroker({
      dir: runDir,
      editor: tag,
      grant: (alias, signal) => grants.answer(alias, signal),
      onState: () => undefined,
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

  /** Resolves to the alias. */
  async open(ref: SandboxRef): Promise<string> {
    return (await this.opener.remoteSandbox(ref, progress, () => undefined)).alias;
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

describe('Two editors of one user', function () {
  this.timeout(60_000);
  const temp = useTempDir();
  let server: LocalCloudServer;
  let one: EditorWindow;
  let other: EditorWindow;
  let account: Account;
  let ref: SandboxRef;
  let config: string;

  before(function () {
    requireTool(this, 'ssh');
  });

  beforeEach(async () => {
    const sshDir = path.join(temp.path, 'ssh');
    config = path.join(sshDir, 'config');
    await fs.mkdir(sshDir, { mode: 0o700 });
    await fs.writeFile(config, userConfig, { mode: 0o600 });
    server = await LocalCloudServer.start({
      stateDir: path.join(temp.path, 'cloud'),
      args: ['--runtime', 'process'],
    });
  });

  afterEach(async () => {
    one.close();
    other.close();
    await server.stop();
  });

  async function createEditors(tags: readonly [string, string]): Promise<void> {
    const computer = { dir: temp.path, server };
    one = new EditorWindow(computer, 'one', tags[0]);
    other = new EditorWindow(computer, 'other', tags[1]);
    account = await one.useLocalCloud();
    await other.useLocalCloud();
    ref = await one.lifecycle.create(account, { name: 'box' });
  }

  /** As Remote-SSH does it. */
  const connect = async (alias: string): Promise<string> =>
    (await run('ssh', ['-F', config, alias, 'echo in the sandbox'])).stdout;

  describe('of one kind, each with data of its own', () => {
    beforeEach(() => createEditors(['vscode', 'vscode']));

    it('connect at once, each time with the keys of whichever answers', async () => {
      const aliases = [await one.open(ref), await other.open(ref)];
      assert.equal(aliases[0], aliases[1]);

      const outputs = await Promise.all([...aliases, ...aliases].map(connect));

      assert.deepEqual(new Set(outputs), new Set(['in the sandbox\n']));
    });

    for (const [index, name] of ['one', 'other'].entries()) {
      it(`start a stopped sandbox for the ${name} that was asked for it, whichever answers`, async () => {
        const alias = await one.open(ref);
        await other.open(ref);
        for (const { book } of [one, other]) await book.clearIntent(alias);
        await one.lifecycle.stop(ref);
        await assert.rejects(connect(alias), /is stopped; open it/);

        await [one, other][index]!.book.noteIntent(alias);

        assert.equal(await connect(alias), 'in the sandbox\n');
      });
    }

    it('leave each other what they need when one removes its SSH configuration', async () => {
      const alias = await one.open(ref);
      await other.open(ref);
      const open = spawn('ssh', ['-F', config, alias, 'echo ready; read line; echo "got $line"']);
      const said: string[] = [];
      open.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
      await eventually(() => assert.equal(said.join(''), 'ready\n'));

      const removed = await one.ssh.removeAll();

      assert.deepEqual(removed.config, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
      open.stdin.end('still here\n');
      await once(open, 'close');
      assert.equal(said.join(''), 'ready\ngot still here\n');
    });

    it('leave each other the entries of sandboxes that they do not share', async () => {
      await one.open(ref);
      const mine = await other.lifecycle.create(account, { name: 'mine' });
      const alias = await other.open(mine);

      const { config: removed } = await one.signOut(account);

      assert.deepEqual(removed, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
    });

    it('leave nothing once both have removed their SSH configuration', async () => {
      await one.open(ref);
      await other.open(ref);
      await one.ssh.removeAll();
      await other.ssh.removeAll();

      assert.equal(await fs.readFile(config, 'utf8'), userConfig);
      assert.deepEqual(await fs.readdir(path.dirname(config)), ['config']);
    });

    it('leave nothing of one whose data is gone', async () => {
      await one.open(ref);
      await other.open(ref);
      await fs.rm(path.join(temp.path, 'one'), { recursive: true });
      await other.ssh.removeAll();

      assert.equal(await fs.readFile(config, 'utf8'), userConfig);
      assert.deepEqual(await fs.readdir(path.dirname(config)), ['config']);
    });

    it('go on with a sandbox that one has forgotten', async () => {
      const alias = await one.open(ref);
      await other.open(ref);
      await one.ssh.forget(alias);

      assert.equal(await connect(alias), 'in the sandbox\n');
    });
  });

  describe('of two kinds', () => {
    beforeEach(() => createEditors(['vscode', 'cursor']));

    it('connect at once, each under a name of its own', async () => {
      const aliases = [await one.open(ref), await other.open(ref)];
      assert.notEqual(aliases[0], aliases[1]);

      const outputs = await Promise.all([...aliases, ...aliases].map(connect));

      assert.deepEqual(new Set(outputs), new Set(['in the sandbox\n']));
    });

    it('leave each other what they need when one removes its SSH configuration', async () => {
      await one.open(ref);
      const alias = await other.open(ref);
      const removed = await one.ssh.removeAll();

      assert.deepEqual(removed.config, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
    });
  });
});

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import type { OpenPhase, Progress } from '../../../src/remote/sandboxOpener';
import type { Account } from '../../../src/sandboxes/account';
import type { SandboxRef } from '../../../src/sandboxes/sandboxList';
import { EditorWindow } from '../../helpers/editorWindow';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

const run = promisify(execFile);
const userConfig = '# mine\n';
const progress: Progress<OpenPhase> = { signal: new AbortController().signal, report: () => undefined };

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
    const windowOf = (data: string, editor: string): EditorWindow =>
      new EditorWindow({ dir: temp.path, server, editor, data, backend: 'auto' });
    one = windowOf('one', tags[0]);
    other = windowOf('other', tags[1]);
    account = await one.useLocalCloud();
    await other.useLocalCloud();
    ref = await one.lifecycle.create(account, { name: 'box' });
  }

  /** Resolves to the alias. */
  const open = async ({ opener }: EditorWindow, sandbox: SandboxRef): Promise<string> =>
    (await opener.remoteSandbox(sandbox, progress, () => undefined)).alias;

  /** As Remote-SSH does it. */
  const connect = async (alias: string): Promise<string> =>
    (await run('ssh', ['-F', config, alias, 'echo in the sandbox'])).stdout;

  describe('of one kind, each with data of its own', () => {
    beforeEach(() => createEditors(['vscode', 'vscode']));

    it('connect at once, each time with the keys of whichever answers', async () => {
      const aliases = [await open(one, ref), await open(other, ref)];
      assert.equal(aliases[0], aliases[1]);

      const outputs = await Promise.all([...aliases, ...aliases].map(connect));

      assert.deepEqual(new Set(outputs), new Set(['in the sandbox\n']));
    });

    for (const [index, name] of ['one', 'other'].entries()) {
      it(`start a stopped sandbox for the ${name} that was asked for it, whichever answers`, async () => {
        const alias = await open(one, ref);
        await open(other, ref);
        for (const { book } of [one, other]) await book.clearIntent(alias);
        await one.lifecycle.stop(ref);
        await assert.rejects(connect(alias), /is stopped; open it/);

        await [one, other][index]!.book.noteIntent(alias);

        assert.equal(await connect(alias), 'in the sandbox\n');
      });
    }

    it('leave each other what they need when one removes its SSH configuration', async () => {
      const alias = await open(one, ref);
      await open(other, ref);
      const session = spawn('ssh', ['-F', config, alias, 'echo ready; read line; echo "got $line"']);
      const said: string[] = [];
      session.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
      await eventually(() => assert.equal(said.join(''), 'ready\n'));

      const removed = await one.ssh.removeAll();

      assert.deepEqual(removed.config, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
      session.stdin.end('still here\n');
      await once(session, 'close');
      assert.equal(said.join(''), 'ready\ngot still here\n');
    });

    it('leave each other the entries of sandboxes that they do not share', async () => {
      await open(one, ref);
      const mine = await other.lifecycle.create(account, { name: 'mine' });
      const alias = await open(other, mine);

      const { config: removed } = await one.signOut(account);

      assert.deepEqual(removed, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
    });

    it('leave nothing once both have removed their SSH configuration', async () => {
      await open(one, ref);
      await open(other, ref);
      await one.ssh.removeAll();
      await other.ssh.removeAll();

      assert.equal(await fs.readFile(config, 'utf8'), userConfig);
      assert.deepEqual(await fs.readdir(path.dirname(config)), ['config']);
    });

    it('leave nothing of one whose data is gone', async () => {
      await open(one, ref);
      await open(other, ref);
      await fs.rm(path.join(temp.path, 'one'), { recursive: true });
      await other.ssh.removeAll();

      assert.equal(await fs.readFile(config, 'utf8'), userConfig);
      assert.deepEqual(await fs.readdir(path.dirname(config)), ['config']);
    });

    it('go on with a sandbox that one has forgotten', async () => {
      const alias = await open(one, ref);
      await open(other, ref);
      await one.ssh.forget(alias);

      assert.equal(await connect(alias), 'in the sandbox\n');
    });
  });

  describe('of two kinds', () => {
    beforeEach(() => createEditors(['vscode', 'cursor']));

    it('connect at once, each under a name of its own', async () => {
      const aliases = [await open(one, ref), await open(other, ref)];
      assert.notEqual(aliases[0], aliases[1]);

      const outputs = await Promise.all([...aliases, ...aliases].map(connect));

      assert.deepEqual(new Set(outputs), new Set(['in the sandbox\n']));
    });

    it('leave each other what they need when one removes its SSH configuration', async () => {
      await open(one, ref);
      const alias = await open(other, ref);
      const removed = await one.ssh.removeAll();

      assert.deepEqual(removed.config, { edited: [], isShared: true });
      assert.equal(await connect(alias), 'in the sandbox\n');
    });
  });
});

import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { generateKeyPair, type SandboxKeys } from '../../../src/keys/keyPair';
import type { SandboxBook } from '../../../src/remote/sandboxBook';
import type { OpenPhase, Progress, SandboxOpener } from '../../../src/remote/sandboxOpener';
import type { SshSetup } from '../../../src/remote/sshSetup';
import type { Lifecycle } from '../../../src/sandboxes/lifecycle';
import type { SandboxList, SandboxRef } from '../../../src/sandboxes/sandboxList';
import { EditorWindow } from '../../helpers/editorWindow';
import { eventually } from '../../helpers/eventually';
import { LocalCloudServer } from '../../helpers/localCloud';
import { requireTool } from '../../helpers/require';
import { useTempDir } from '../../helpers/tempDir';

type Keys = SandboxKeys | undefined;

const run = promisify(execFile);
const userConfig = '# mine\nHost *\n  ForwardAgent yes\n  ControlMaster auto\n';

describe('Opening a sandbox, up to the editor', function () {
  this.timeout(40_000);
  const temp = useTempDir();
  let server: LocalCloudServer;
  let window: EditorWindow;
  let book: SandboxBook;
  let ssh: SshSetup;
  let list: SandboxList;
  let lifecycle: Lifecycle;
  let opener: SandboxOpener;
  let ref: SandboxRef;
  let sshDir: string;

  before(function () {
    requireTool(this, 'ssh');
  });

  beforeEach(async () => {
    sshDir = path.join(temp.path, 'ssh');
    await fs.mkdir(sshDir, { mode: 0o700 });
    await fs.writeFile(path.join(sshDir, 'config'), userConfig, { mode: 0o600 });
    server = await LocalCloudServer.start({
      stateDir: path.join(temp.path, 'cloud'),
      args: ['--runtime', 'process'],
    });
    window = new EditorWindow({ dir: temp.path, server, editor: 'test', data: 'data', backend: 'exec' });
    ({ book, ssh, list, lifecycle, opener } = window);
    ref = await lifecycle.create(await window.useLocalCloud(), { name: 'a "box" $(id)' });
  });

  afterEach(async () => {
    window.close();
    await server.stop();
  });

  const progress: Progress<OpenPhase> = { signal: new AbortController().signal, report: () => undefined };
  const noWarning = (obstacles: readonly string[]): void => assert.deepEqual(obstacles, []);

  it('gives an authority that the user’s own ssh can reach, and a folder that is there', async () => {
    const { authority, path: folder } = await opener.remoteSandbox(ref, progress, noWarning);

    const alias = authority.replace(/^ssh-remote\+/, '');
    const { stdout } = await run('ssh', ['-F', path.join(sshDir, 'config'), alias, `cd '${folder}' && pwd`]);
    assert.equal(stdout, `${folder}\n`);
    assert.match(alias, /^a-box-id-[a-z2-7]{12}\.test\.sbx$/);
  });

  it('opens the folder that was asked for, else the one that was open last, as long as they are there', async () => {
    const { alias, path: first } = await opener.remoteSandbox(ref, progress, noWarning);
    const [last, asked] = [path.join(temp.path, "it's last"), path.join(temp.path, 'asked $(id)')];
    await fs.mkdir(last);
    await fs.mkdir(asked);
    await book.rememberFolder(alias, last);
    const open = async (folder?: string): Promise<string | undefined> =>
      (await opener.remoteSandbox(ref, progress, noWarning, folder)).path;

    assert.equal(await open(), last);
    assert.equal(await open(asked), asked);
    await fs.rmdir(asked);
    await fs.rmdir(last);
    assert.equal(await open(asked), first);
  });

  for (const { status, phases } of [
    { status: 'stopped', phases: ['looking', 'starting', 'preparing-ssh', 'finding-folder'] },
    { status: 'running', phases: ['looking', 'preparing-ssh', 'finding-folder'] },
  ]) {
    it(`names what it does while it opens a sandbox that is ${status}, which then runs`, async () => {
      await (status === 'stopped' ? lifecycle.stop(ref) : lifecycle.start(ref));
      const reported: OpenPhase[] = [];
      await opener.remoteSandbox(ref, { ...progress, report: (phase) => reported.push(phase) }, noWarning);

      assert.deepEqual(reported, phases);
      assert.equal(list.find(ref.account.id, ref.sandbox.id)?.sandbox.status, 'running');
    });
  }

  it('gives a command for any terminal that starts nothing by itself', async () => {
    await lifecycle.stop(ref);
    const { program, arguments: args } = await opener.shellCommand(ref);
    assert.equal(list.find(ref.account.id, ref.sandbox.id)?.sandbox.status, 'stopped');
    await lifecycle.start(ref);

    const { stdout } = await run(program, [...args, 'echo', 'in the sandbox']);
    assert.equal(stdout, 'in the sandbox\n');
  });

  it('has new keys for the next connection once they were rotated, while an open one goes on', async () => {
    const { program, arguments: args } = await opener.terminalCommand(ref, progress);
    const alias = book.list()[0]?.alias ?? '';
    const before = await ssh.keys(alias);
    const open = spawn(program, [...args, 'echo ready; read line; echo "got $line"']);
    const said: string[] = [];
    open.stdout.setEncoding('utf8').on('data', (text: string) => said.push(text));
    await eventually(() => assert.equal(said.join(''), 'ready\n'));

    await ssh.rotateKeys(alias);
    const next = await run(program, [...args, 'echo', 'new connection']);
    open.stdin.end('still here\n');
    const [code] = (await once(open, 'close')) as [number];

    assert.equal(next.stdout, 'new connection\n');
    assert.deepEqual([code, said.join('')], [0, 'ready\ngot still here\n']);
    const after = await ssh.keys(alias);
    assert.notEqual(after?.host.publicKey, before?.host.publicKey);
    assert.notEqual(after?.user.publicKey, before?.user.publicKey);
  });

  const moments: {
    when: string;
    grantedKeys: (alias: string, rotations: Promise<void>[]) => Promise<Keys>;
  }[] = [
    {
      when: 'right after they were granted',
      grantedKeys: async (alias) => {
        const keys = await ssh.keys(alias);
        await ssh.rotateKeys(alias);
        return keys;
      },
    },
    {
      when: 'while they are granted',
      grantedKeys: (alias, rotations) => {
        rotations.push(ssh.rotateKeys(alias));
        return ssh.keys(alias);
      },
    },
  ];
  for (const { when, grantedKeys } of moments) {
    it(`makes a connection whose keys are rotated ${when}`, async () => {
      const { program, arguments: args } = await opener.terminalCommand(ref, progress);
      const rotations: Promise<void>[] = [];
      window.keysOf = (alias) => grantedKeys(alias, rotations);

      for (let round = 0; round < 6; round++) {
        const connect = (): Promise<unknown> => run(program, [...args, 'true']);
        await Promise.all([connect(), connect()]);
      }
      await Promise.all(rotations);
    });
  }

  it('connects where the known keys are those of another computer, which stay known', async () => {
    const { program, arguments: args } = await opener.terminalCommand(ref, progress);
    const alias = book.list()[0]?.alias ?? '';
    const knownHosts = path.join(sshDir, 'cloud-sandboxes', 'test.known_hosts');
    const others = `${alias} ${generateKeyPair().publicKey}\n`;
    await fs.writeFile(knownHosts, others);

    await run(program, [...args, 'true']);
    assert.ok((await fs.readFile(knownHosts, 'utf8')).includes(others));
  });

  it('leaves the user’s configuration alone for a terminal, whose command works', async () => {
    const { program, arguments: args } = await opener.terminalCommand(ref, progress);

    const { stdout } = await run(program, [...args, 'echo', 'in the sandbox']);
    assert.equal(stdout, 'in the sandbox\n');
    assert.equal(await fs.readFile(path.join(sshDir, 'config'), 'utf8'), userConfig);
  });

  it('hears the state of the connection, up to its end', async () => {
    const { program, arguments: args } = await opener.terminalCommand(ref, progress);
    await run(program, [...args, 'true']);

    await eventually(() => {
      const phases = window.states.map(({ phase }) => phase);
      assert.ok(phases.includes('connected'), phases.join());
      assert.equal(phases.at(-1), 'closed');
    });
  });

  it('begins the connection after the intent that it then spends', async () => {
    const { program, arguments: args } = await opener.terminalCommand(ref, progress);
    const alias = book.list()[0]?.alias ?? '';
    assert.equal(book.hasFreshIntent(alias), true);
    await run(program, [...args, 'true']);
    await eventually(() => assert.ok(window.states.some(({ phase }) => phase === 'connected')));
    await book.spendIntent(alias, window.states[0]?.since ?? 0);

    assert.equal(book.hasFreshIntent(alias), false);
  });

  it('tells which line of the user’s wins over ours', async () => {
    const file = path.join(sshDir, 'config');
    await opener.remoteSandbox(ref, progress, noWarning);
    await fs.writeFile(file, `ProxyJump nowhere\n${await fs.readFile(file, 'utf8')}`);
    const alias = book.list()[0]?.alias ?? '';

    assert.match((await ssh.obstacles(alias)).join('\n'), /ProxyCommand .*line 1 of .*ProxyJump nowhere/);
  });

  it('keeps the alias, and so open windows, when the sandbox is renamed', async () => {
    const before = await ssh.provision(ref);
    const renamed = { ...ref, sandbox: { ...ref.sandbox, name: 'other' } };

    assert.equal(await ssh.provision(renamed), before);
  });

  it('forgets the last sandbox, and leaves the user’s configuration as the next one needs it', async () => {
    const { alias } = await opener.remoteSandbox(ref, progress, noWarning);
    const config = await fs.readFile(path.join(sshDir, 'config'), 'utf8');
    await ssh.forget(alias);

    assert.equal(await ssh.keys(alias), undefined);
    assert.deepEqual(book.list(), []);
    for (const name of await fs.readdir(path.join(sshDir, 'cloud-sandboxes'))) {
      const content = await fs.readFile(path.join(sshDir, 'cloud-sandboxes', name), 'utf8');
      assert.ok(!content.includes(alias), name);
    }
    assert.equal(await fs.readFile(path.join(sshDir, 'config'), 'utf8'), config);
    assert.deepEqual(await ssh.filesToEdit(), []);
  });

  it('tells what it removed when all sandboxes are forgotten at once', async () => {
    await opener.remoteSandbox(ref, progress, noWarning);

    assert.deepEqual(await ssh.removeAll(), {
      sandboxes: ['a "box" $(id)'],
      settingsWithEntries: [],
      config: {
        edited: [path.join(sshDir, 'config')],
        folder: path.join(sshDir, 'cloud-sandboxes'),
        isShared: false,
      },
      settings: [],
    });
    assert.deepEqual(await fs.readdir(sshDir), ['config']);
    assert.equal(await fs.readFile(path.join(sshDir, 'config'), 'utf8'), userConfig);
    assert.deepEqual(book.list(), []);
  });

  it('stops between steps when the person cancels', async () => {
    const controller = new AbortController();
    const cancelling: Progress<OpenPhase> = {
      signal: controller.signal,
      report: (phase) => {
        if (phase === 'preparing-ssh') controller.abort(new Error('cancelled'));
      },
    };

    await assert.rejects(opener.terminalCommand(ref, cancelling), { message: 'cancelled' });
    assert.equal(
      book.list().some(({ alias }) => book.hasFreshIntent(alias)),
      false,
    );
  });
});

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { promisify } from 'node:util';
import { makeBusyboxRoot } from '../../helpers/busyboxRoot';
import { requireTool, skipFor } from '../../helpers/require';
import { useSandbox } from '../../helpers/sandboxOverSsh';

const execute = promisify(execFile);

describe('a sandbox without an SFTP server, mounted by sshfs', () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'sbx-sshfs-'));
  const mountPoint = path.join(dir, 'mount');
  const sandbox = useSandbox({ runtime: 'bubblewrap', image: path.join(dir, 'root') }, (context) => {
    requireTool(context, 'ssh', 'sshfs', 'fusermount3', 'bwrap', 'busybox', 'git');
    if (!fs.existsSync('/dev/fuse')) skipFor(context, 'there is no /dev/fuse');
    makeBusyboxRoot(dir);
  });
  before(async () => {
    fs.mkdirSync(mountPoint);
    const { alias, configFile } = sandbox.current;
    await execute('sshfs', [`${alias}:`, mountPoint, '-F', configFile]);
  });
  after(async () => {
    await execute('fusermount3', ['-u', mountPoint]).catch(() => undefined); // it may not have been mounted
    fs.rmSync(dir, { recursive: true, force: true });
  });

  const mounted = (file: string): string => path.join(mountPoint, file);
  const cat = async (file: string): Promise<Buffer> => (await sandbox.current.ssh(`cat '${file}'`)).stdout;

  it('shows what is written in the sandbox', async () => {
    await sandbox.current.ssh('echo text >there');

    assert.equal(fs.readFileSync(mounted('there'), 'utf8'), 'text\n');
  });

  it('keeps a large file unchanged', async () => {
    const content = randomBytes(5 * 1024 * 1024 + 7);

    await fs.promises.writeFile(mounted('large'), content);

    assert.ok((await fs.promises.readFile(mounted('large'))).equals(content));
    assert.ok((await cat('large')).equals(content));
  });

  it('writes into the middle of a file', async () => {
    await fs.promises.writeFile(mounted('digits'), '0123456789');

    const file = await fs.promises.open(mounted('digits'), 'r+');
    await file.write('ab', 4);
    await file.close();

    assert.equal((await cat('digits')).toString(), '0123ab6789');
  });

  it('appends, renames, makes folders and removes', async () => {
    await fs.promises.mkdir(mounted('folder'));
    await fs.promises.appendFile(mounted('folder/a'), 'one ');
    await fs.promises.appendFile(mounted('folder/a'), 'two');
    await fs.promises.rename(mounted('folder/a'), mounted('folder/b'));

    assert.equal((await cat('folder/b')).toString(), 'one two');
    await fs.promises.rm(mounted('folder'), { recursive: true });
    assert.equal((await sandbox.current.ssh('ls -d folder 2>/dev/null')).stdout.toString(), '');
  });

  it('is good enough for git', async () => {
    const repo = mounted('repo');
    const git = (...args: string[]): Promise<{ stdout: string }> =>
      execute('git', ['-C', repo, '-c', 'user.name=a', '-c', 'user.email=a@example.org', ...args]);
    await fs.promises.mkdir(repo);
    await git('init', '-q');
    await fs.promises.writeFile(path.join(repo, 'file'), 'text');

    await git('add', 'file');
    await git('commit', '-q', '-m', 'first');

    assert.match((await git('log', '--oneline')).stdout, /first/);
    assert.equal((await git('status', '--porcelain')).stdout, '');
    await git('fsck', '--strict');
  });
});

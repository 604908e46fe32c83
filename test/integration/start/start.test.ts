import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import * as path from 'node:path';
import { sshHome } from '../../../src/base/paths';
import { useNpmStart } from '../../helpers/npmStart';
import { requireTool } from '../../helpers/require';

describe('npm start', () => {
  before(function () {
    requireTool(this, 'ssh');
  });
  const start = useNpmStart();

  it('prints the output of the command alone on stdout', async () => {
    const { code, stdout, stderr } = await start.current.run(['uname', '-n']);

    assert.equal(code, 0);
    assert.match(stdout, /^[a-z0-9-]+\n$/);
    assert.match(stderr, /started the local cloud/);
  });

  it('reuses the sandbox that is there', async () => {
    await start.current.run(['touch', 'here']);

    const { stdout, stderr } = await start.current.run(['ls']);

    assert.match(stdout, /^here$/m);
    assert.equal(stderr, '');
  });

  const commands = [
    { name: 'passes the exit code', words: ['exit 42'], code: 42 },
    {
      name: 'passes several words as they are',
      words: ['printf', '%s|', 'a b', '$HOME', "it's"],
      stdout: "a b|$HOME|it's|",
    },
    { name: 'gives one word to the shell', words: ['echo $((6 * 7)) | cat'], stdout: '42\n' },
    { name: 'passes stdin', words: ['cat'], input: 'in', stdout: 'in' },
    { name: 'keeps stderr apart', words: ['echo err >&2'], stderr: 'err\n' },
  ];
  for (const { name, words, input = '', code = 0, stdout = '', stderr = '' } of commands) {
    it(name, async () => {
      assert.deepEqual(await start.current.run(words, { input }), { code, stdout, stderr });
    });
  }

  it('gives a shell when there is no command', async () => {
    const { code, stdout } = await start.current.run([], { input: 'echo shell; exit 3\n' });

    assert.match(stdout, /^shell$/m);
    assert.equal(code, 3);
  });

  it('works twice at once', async () => {
    const outcomes = await Promise.all([1, 2].map((n) => start.current.run([`echo ${n}`])));

    assert.deepEqual(outcomes, [
      { code: 0, stdout: '1\n', stderr: '' },
      { code: 0, stdout: '2\n', stderr: '' },
    ]);
  });

  it('leaves nothing of its runs behind', () => {
    const runs = readdirSync(start.current.dir, { recursive: true }).filter((name) =>
      /run-\d+/.test(String(name)),
    );

    assert.deepEqual(runs, []);
  });

  it('does not touch ~/.ssh', () => {
    const config = path.join(sshHome(), '.ssh', 'config');

    assert.doesNotMatch(existsSync(config) ? readFileSync(config, 'utf8') : '', /local-cloud|cli\.sbx/);
    assert.equal(existsSync(path.join(sshHome(), '.ssh', 'cloud-sandboxes', 'cli.config')), false);
  });

  it('opens an editor that is on PATH, with the extension loaded', async () => {
    const bin = path.join(start.current.dir, 'bin');
    mkdirSync(bin);
    writeFileSync(path.join(bin, 'codium'), '#!/bin/sh\necho "$@" >&2\n');
    chmodSync(path.join(bin, 'codium'), 0o755);

    const { code, stderr } = await start.current.run([], {
      env: { DISPLAY: ':0', PATH: `${bin}:${process.env['PATH']}` },
    });

    assert.equal(code, 0);
    assert.ok(stderr.includes(`--extensionDevelopmentPath=${process.cwd()}`), stderr);
  });

  describe('says what is wrong', () => {
    it('when data cannot be written', async () => {
      const { code, stdout, stderr } = await start.current.run(['true'], {
        env: { CLOUD_SANDBOXES_HOME: '/dev/null/x' },
      });

      assert.equal(code, 1);
      assert.equal(stdout, '');
      assert.match(stderr, /\/dev\/null\/x/);
    });

    it('when there is no ssh', async () => {
      const bin = path.join(start.current.dir, 'no-ssh');
      mkdirSync(bin);
      symlinkSync(process.execPath, path.join(bin, 'node'));

      const { code, stderr } = await start.current.run(['true'], { env: { PATH: bin } });

      assert.equal(code, 1);
      assert.match(stderr, /install an OpenSSH client/);
    });
  });
});

import assert from 'node:assert/strict';
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { EXTRA_CA_FILE } from '../../../src/base/extraCa';
import { renderPosixLauncher, type LauncherSpec } from '../../../src/sshConfig/launcher';
import { useTempDir } from '../../helpers/tempDir';

const alias = 'web-aaaabbbbcccc.vscode.sbx';

describe('the POSIX launcher', () => {
  const temp = useTempDir();
  /** A connection program that tells what it was started with. */
  const report = `process.stdout.write(JSON.stringify({
    pid: process.pid, execPath: process.execPath, argv: process.argv.slice(2), env: process.env }))`;
  interface Report {
    pid: number;
    execPath: string;
    argv: string[];
    env: Record<string, string>;
  }

  const start = (
    spec: Partial<LauncherSpec>,
    { args = [alias], env = {} }: { args?: string[]; env?: NodeJS.ProcessEnv } = {},
  ): SpawnSyncReturns<string> => {
    const file = path.join(temp.path, 'launcher');
    const script = path.join(temp.path, 'connection.js');
    writeFileSync(script, report);
    const whole = { runtimes: [process.execPath], script, runDir: '/run/x', ...spec };
    writeFileSync(file, renderPosixLauncher(whole), { mode: 0o700 });
    chmodSync(file, 0o700);
    const bare = { PATH: '/usr/bin:/bin', ...env };
    return spawnSync(file, args, { encoding: 'utf8', env: bare, input: 'SSH bytes', timeout: 10_000 });
  };
  const reportOf = (result: SpawnSyncReturns<string>): Report => JSON.parse(result.stdout) as Report;

  it('passes the folder and the alias on', () => {
    assert.deepEqual(reportOf(start({})).argv, ['--run-dir', '/run/x', alias]);
  });

  it('becomes the runtime: no shell stays between ssh and the connection', () => {
    const result = start({});
    assert.equal(reportOf(result).pid, result.pid);
  });

  it('makes an editor run as Node', () => {
    assert.equal(reportOf(start({})).env['ELECTRON_RUN_AS_NODE'], '1');
  });

  it('keeps paths with quotes, dollars and blanks as they are', () => {
    const runDir = `/a b/'$(touch x)'"\`%`;
    assert.equal(reportOf(start({ runDir })).argv[1], runDir);
  });

  it('passes by runtimes that are gone, folders or not executable', () => {
    const [folder, plain] = [path.join(temp.path, 'folder'), path.join(temp.path, 'plain')];
    mkdirSync(folder);
    writeFileSync(plain, '');
    const runtimes = ['/nowhere/code', folder, plain, process.execPath];
    assert.equal(reportOf(start({ runtimes })).execPath, process.execPath);
  });

  it('falls back to node on PATH', () => {
    const bin = path.join(temp.path, 'my bin');
    mkdirSync(bin);
    symlinkSync(process.execPath, path.join(bin, 'node'));
    const env = { PATH: `${bin}:/usr/bin:/bin` };
    assert.deepEqual(reportOf(start({ runtimes: [] }, { env })).argv, ['--run-dir', '/run/x', alias]);
  });

  const foreign = [
    { name: 'a snap', env: { SNAP: '/snap/code/1' } },
    { name: 'an AppImage', env: { APPDIR: '/tmp/.mount_x' } },
  ];
  for (const { name, env } of foreign) {
    it(`does not take over the libraries of ${name}`, () => {
      const result = start({}, { env: { ...env, LD_LIBRARY_PATH: '/nowhere', LD_PRELOAD: '' } });
      assert.equal(reportOf(result).env['LD_LIBRARY_PATH'], undefined);
      assert.equal(reportOf(result).env['LD_PRELOAD'], undefined);
    });
  }

  it('keeps the user’s own library path', () => {
    assert.equal(reportOf(start({}, { env: { LD_LIBRARY_PATH: '/mine' } })).env['LD_LIBRARY_PATH'], '/mine');
  });

  it('does not take over the options of a debugger', () => {
    const result = start({}, { env: { NODE_OPTIONS: '--require /nowhere/bootloader.js' } });
    assert.equal(reportOf(result).env['NODE_OPTIONS'], undefined);
  });

  it('leaves the user’s certificates to be read when they are needed', () => {
    const { env } = reportOf(start({}, { env: { NODE_EXTRA_CA_CERTS: '/my certs.pem' } }));
    assert.deepEqual([env['NODE_EXTRA_CA_CERTS'], env[EXTRA_CA_FILE]], [undefined, '/my certs.pem']);
  });

  const oldNode = (): NodeJS.ProcessEnv => {
    writeFileSync(path.join(temp.path, 'node'), '#!/bin/sh\nexit 1\n', { mode: 0o755 });
    return { PATH: `${temp.path}:/usr/bin:/bin` };
  };
  const failures = [
    {
      name: 'no runtime',
      spec: { runtimes: ['/nowhere'] },
      options: () => ({ env: oldNode() }),
      says: /no Node/,
    },
    {
      name: 'no program',
      spec: { script: '/nowhere/c.js' },
      options: () => ({}),
      says: /start the editor once/,
    },
    { name: 'no alias', spec: {}, options: () => ({ args: [] }), says: /not known here/ },
  ];
  for (const { name, spec, options, says } of failures) {
    it(`says on one line what to do with ${name}`, () => {
      const result = start(spec, options());
      assert.equal(result.status, 127);
      assert.equal(result.stdout, '');
      assert.match(result.stderr, says);
      assert.equal(result.stderr.trimEnd().split('\n').length, 1);
    });
  }
});

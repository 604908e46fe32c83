import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runtimeDir } from '../../../src/base/paths';
import { CodeCache } from '../../../src/connection/codeCache';
import { useTempDir } from '../../helpers/tempDir';

describe('CodeCache', () => {
  const temp = useTempDir();
  const code = Buffer.from('compiled');
  let program: string;
  let dir: string;
  let runtimeDirOfUser: string | undefined;
  beforeEach(() => {
    runtimeDirOfUser = process.env['XDG_RUNTIME_DIR'];
    process.env['XDG_RUNTIME_DIR'] = temp.path;
    dir = path.join(runtimeDir(), 'code');
    program = path.join(temp.path, 'program.js');
    writeFileSync(program, 'first()');
  });
  afterEach(() => {
    if (runtimeDirOfUser === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = runtimeDirOfUser;
  });

  it('has nothing at first', () => {
    assert.equal(CodeCache.of(program).read(), undefined);
  });

  it('gives back what was written for the same program', () => {
    CodeCache.of(program).write(code);

    assert.deepEqual(CodeCache.of(program).read(), code);
  });

  it('has nothing for a program that was replaced, and keeps one version only', () => {
    CodeCache.of(program).write(code);
    writeFileSync(program, 'another()');

    assert.equal(CodeCache.of(program).read(), undefined);
    CodeCache.of(program).write(code);
    assert.equal(readdirSync(dir).length, 1);
  });

  it('is not used when others may have written it', () => {
    CodeCache.of(program).write(code);

    const [name] = readdirSync(dir);
    chmodSync(path.join(dir, name!), 0o666);

    assert.equal(CodeCache.of(program).read(), undefined);
  });

  it('is not kept in a folder that others may write to', () => {
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o777);

    CodeCache.of(program).write(code);

    assert.deepEqual(readdirSync(dir), []);
  });
});

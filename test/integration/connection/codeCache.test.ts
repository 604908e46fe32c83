import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { runtimeDir, surroundingsHere } from '../../../src/base/paths';
import { CodeCache } from '../../../src/connection/codeCache';
import { useTempDir } from '../../helpers/tempDir';

describe('CodeCache', () => {
  const temp = useTempDir();
  const code = Buffer.from('compiled');
  let program: string;
  let dir: string;
  let cacheOf: () => CodeCache;
  beforeEach(() => {
    const surroundings = surroundingsHere({ XDG_RUNTIME_DIR: temp.path });
    dir = path.join(runtimeDir(surroundings), 'code');
    program = path.join(temp.path, 'program.js');
    cacheOf = () => CodeCache.of(program, surroundings);
    writeFileSync(program, 'first()');
  });

  it('has nothing at first', () => {
    assert.equal(cacheOf().read(), undefined);
  });

  it('gives back what was written for the same program', () => {
    cacheOf().write(code);

    assert.deepEqual(cacheOf().read(), code);
  });

  it('has nothing for a program that was replaced, and keeps one version only', () => {
    cacheOf().write(code);
    writeFileSync(program, 'another()');

    assert.equal(cacheOf().read(), undefined);
    cacheOf().write(code);
    assert.equal(readdirSync(dir).length, 1);
  });

  it('is not used when others may have written it', () => {
    cacheOf().write(code);

    const [name] = readdirSync(dir);
    chmodSync(path.join(dir, name!), 0o666);

    assert.equal(cacheOf().read(), undefined);
  });

  it('is not kept in a folder that others may write to', () => {
    mkdirSync(dir, { recursive: true });
    chmodSync(dir, 0o777);

    cacheOf().write(code);

    assert.deepEqual(readdirSync(dir), []);
  });

  it('is not used in the folder of somebody who may exchange it', () => {
    cacheOf().write(code);
    chmodSync(path.dirname(dir), 0o777);

    assert.equal(cacheOf().read(), undefined);
  });
});

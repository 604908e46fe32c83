import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import * as path from 'node:path';
import { openBoundedLog } from '../../../src/agent/boundedLog';
import { useTempDir } from '../../helpers/tempDir';

describe('the log of an agent', () => {
  const dir = useTempDir();
  const file = (): string => path.join(dir.path, 'log');

  it('is for its user alone, a line for each message', () => {
    const log = openBoundedLog(file());
    log.info('one\nline');
    log.warn('another');

    assert.match(readFileSync(file(), 'utf8'), /^\S+ info: one line\n\S+ warning: another\n$/);
    assert.equal(statSync(file()).mode & 0o777, 0o600);
  });

  it('never grows beyond its limit', () => {
    const log = openBoundedLog(file(), 1000);
    for (let index = 0; index < 100; index++) {
      log.info(`message ${index}`);
      assert.ok(statSync(file()).size <= 1000);
    }

    assert.match(readFileSync(file(), 'utf8'), /message 99\n$/);
  });

  it('that cannot be written holds nothing up', () => {
    openBoundedLog('/no/such/folder/log').error('lost');
  });
});

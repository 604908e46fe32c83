import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import * as tls from 'node:tls';
import { systemCertificates } from '../../../src/base/systemCertificates';
import { useTempDir } from '../../helpers/tempDir';

const known = tls.rootCertificates[0]!;
const company = '-----BEGIN CERTIFICATE-----\nY29tcGFueQ==\n-----END CERTIFICATE-----';
const other = '-----BEGIN CERTIFICATE-----\nb3RoZXI=\n-----END CERTIFICATE-----';

describe('systemCertificates', () => {
  const temp = useTempDir();
  const onLinux = (): readonly string[] =>
    systemCertificates({ platform: 'linux', folders: [path.join(temp.path, 'none'), temp.path] });

  it('are those that people put where their distribution looks, in any of its folders', () => {
    mkdirSync(path.join(temp.path, 'corp'));
    writeFileSync(path.join(temp.path, 'corp', 'a.crt'), `# Company\n${company}\n${other}\n`);

    assert.deepEqual(onLinux(), [company, other]);
  });

  it('are told once, and without those that Node knows', () => {
    writeFileSync(path.join(temp.path, 'a.pem'), company);
    writeFileSync(path.join(temp.path, 'b.crt'), company.replaceAll('\n', '\r\n'));
    writeFileSync(path.join(temp.path, 'c.crt'), known);

    assert.equal(onLinux().length, 1);
  });

  it('leave out what is no certificate, and what cannot be read', () => {
    writeFileSync(
      path.join(temp.path, 'key.pem'),
      '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----',
    );
    writeFileSync(path.join(temp.path, 'notes.txt'), company);
    symlinkSync(path.join(temp.path, 'gone'), path.join(temp.path, 'dangling.crt'));
    mkdirSync(path.join(temp.path, 'folder.crt'));

    assert.deepEqual(onLinux(), []);
  });

  for (const platform of ['win32', 'darwin'] as const) {
    it(`are those of the system’s store on ${platform}, where Node can read it`, () => {
      const systemStore = (): string[] => [known, company];

      assert.deepEqual(systemCertificates({ platform, systemStore }), [company]);
    });
  }
});

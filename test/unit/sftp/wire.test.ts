import assert from 'node:assert/strict';
import type { Attributes } from '../../../src/sftp/remoteFiles';
import { attributes, BadMessage, FieldReader, packet, string, uint32, uint64 } from '../../../src/sftp/wire';

describe('the packets of SFTP', () => {
  it('keep a name of any bytes', () => {
    const name = Buffer.from([0xff, 0x00, 0x80, 0x41]).toString('latin1');

    assert.equal(new FieldReader(string(name)).string(), name);
  });

  it('keep offsets beyond 32 bits', () => {
    assert.equal(new FieldReader(uint64(2 ** 40 + 1)).uint64(), 2 ** 40 + 1);
  });

  const sets: Record<string, Attributes> = {
    none: {},
    all: {
      size: 2 ** 33,
      owner: { uid: 0, gid: 0xffffffff },
      mode: 0o100644,
      times: { accessed: 1, modified: 2 },
    },
    'some that are zero': { size: 0, mode: 0 },
  };
  for (const [name, value] of Object.entries(sets)) {
    it(`keep attributes: ${name}`, () => {
      assert.deepEqual(new FieldReader(attributes(value)).attributes(), value);
    });
  }

  it('begin with their length', () => {
    assert.deepEqual(packet(Buffer.from('ab'), Buffer.from('c')), Buffer.from('\0\0\0\x03abc'));
  });

  const malformed: Record<string, Buffer> = {
    'a string that is longer than the packet': Buffer.concat([uint32(5), Buffer.from('abc')]),
    'a string of 4 GB': uint32(0xffffffff),
    'attributes that end early': uint32(1),
    'nothing where a string should be': Buffer.alloc(0),
  };
  for (const [name, bytes] of Object.entries(malformed)) {
    it(`refuse ${name}`, () => {
      const read = (): unknown =>
        name.startsWith('attributes') ? new FieldReader(bytes).attributes() : new FieldReader(bytes).string();

      assert.throws(read, BadMessage);
    });
  }

  it('refuse an offset that no file has', () => {
    assert.throws(() => new FieldReader(Buffer.alloc(8, 0xff)).uint64(), BadMessage);
  });
});

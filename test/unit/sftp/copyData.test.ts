import assert from 'node:assert/strict';
import { copyData } from '../../../src/sftp/copyData';
import { MAX_DATA } from '../../../src/sftp/protocol';
import type { RemoteFile } from '../../../src/sftp/remoteFiles';

/** An open file in memory. */
class MemoryFile implements Pick<RemoteFile, 'read' | 'write' | 'stat'> {
  constructor(public content: Buffer) {}

  read(offset: number, length: number): Promise<Buffer> {
    return Promise.resolve(Buffer.from(this.content.subarray(offset, offset + length)));
  }

  write(offset: number, data: Buffer): Promise<void> {
    const content = Buffer.alloc(Math.max(this.content.length, offset + data.length));
    this.content.copy(content);
    data.copy(content, offset);
    this.content = content;
    return Promise.resolve();
  }

  stat(): Promise<{ size: number }> {
    return Promise.resolve({ size: this.content.length });
  }
}

const fileOf = (text: string): MemoryFile & RemoteFile =>
  new MemoryFile(Buffer.from(text)) as MemoryFile & RemoteFile;

describe('copyData', () => {
  const copies = [
    { what: 'all', from: 0, length: 0, to: 0, copied: '0123456789' },
    { what: 'the rest', from: 7, length: 0, to: 2, copied: 'ab789' },
    { what: 'a part', from: 2, length: 3, to: 0, copied: '234' },
    { what: 'less than there is asked for', from: 8, length: 100, to: 0, copied: '89c' },
    { what: 'nothing from behind the end', from: 11, length: 0, to: 0, copied: 'abc' },
  ];
  for (const { what, copied, ...place } of copies) {
    it(`copies ${what}`, async () => {
      const target = fileOf('abc');

      await copyData({ source: fileOf('0123456789'), target, ...place });

      assert.equal(target.content.toString(), copied);
    });
  }

  it('copies in pieces', async () => {
    const data = Buffer.alloc(2 * MAX_DATA + 7, 'x');
    const target = fileOf('');

    await copyData({
      source: new MemoryFile(data) as unknown as RemoteFile,
      from: 0,
      length: 0,
      target,
      to: 0,
    });

    assert.ok(target.content.equals(data));
  });

  it('comes to an end where a file is appended to itself', async () => {
    const file = fileOf('abc');

    await copyData({ source: file, from: 0, length: 0, target: file, to: 3 });

    assert.equal(file.content.toString(), 'abcabc');
  });
});

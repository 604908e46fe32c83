import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { ByteReader } from '../../../src/base/byteReader';
import { silentLogger } from '../../../src/base/logger';
import { MAX_PACKET, PacketType, Status } from '../../../src/sftp/protocol';
import { FileError, type RemoteFiles } from '../../../src/sftp/remoteFiles';
import { serveSftp } from '../../../src/sftp/server';
import { byte, FieldReader, packet, string, uint32 } from '../../../src/sftp/wire';

/** A server over files that can do what a test needs, and its client's ends of the streams. */
class Session {
  readonly input = new PassThrough();
  readonly output = new PassThrough();
  readonly ended: Promise<void>;
  readonly #reader = new ByteReader(this.output);

  constructor(files: Partial<RemoteFiles> = {}) {
    this.ended = serveSftp({
      files: files as RemoteFiles,
      input: this.input,
      output: this.output,
      log: silentLogger,
    });
    this.ended.catch(() => undefined);
  }

  send(...fields: readonly Buffer[]): void {
    this.input.write(packet(...fields));
  }

  async receive(): Promise<FieldReader> {
    const length = (await this.#reader.read(4)).readUInt32BE();
    return new FieldReader(await this.#reader.read(length));
  }

  async greet(): Promise<FieldReader> {
    this.send(byte(PacketType.INIT), uint32(3));
    return this.receive();
  }
}

const remove = (id: number, path: string): Buffer[] => [byte(PacketType.REMOVE), uint32(id), string(path)];

async function statusOf(session: Session): Promise<{ id: number; code: number; message: string }> {
  const reply = await session.receive();
  assert.equal(reply.byte(), PacketType.STATUS);
  return { id: reply.uint32(), code: reply.uint32(), message: reply.string() };
}

describe('serveSftp', () => {
  it('greets with version 3 and its extensions', async () => {
    const reply = await new Session().greet();

    assert.deepEqual(
      [reply.byte(), reply.uint32(), reply.string(), reply.string()],
      [PacketType.VERSION, 3, 'posix-rename@openssh.com', '1'],
    );
  });

  const failures = [
    { error: new FileError('no-such-file', 'gone'), code: Status.NO_SUCH_FILE },
    { error: new FileError('permission-denied', 'no'), code: Status.PERMISSION_DENIED },
    { error: new FileError('unsupported', 'cannot'), code: Status.OP_UNSUPPORTED },
    { error: new FileError('failure', 'failed'), code: Status.FAILURE },
    { error: new TypeError('a fault'), code: Status.FAILURE },
  ];
  for (const { error, code } of failures) {
    it(`answers "${error.message}" with status ${code}`, async () => {
      const session = new Session({ remove: () => Promise.reject(error) });
      await session.greet();

      session.send(...remove(7, 'a'));

      assert.deepEqual(await statusOf(session), { id: 7, code, message: error.message });
    });
  }

  it('answers a request that it does not know', async () => {
    const session = new Session();
    await session.greet();

    session.send(byte(99), uint32(7));

    assert.equal((await statusOf(session)).code, Status.OP_UNSUPPORTED);
  });

  it('answers an extension that it does not know', async () => {
    const session = new Session();
    await session.greet();

    session.send(byte(PacketType.EXTENDED), uint32(7), string('format-disk@example.org'));

    assert.equal((await statusOf(session)).code, Status.OP_UNSUPPORTED);
  });

  it('answers a request that is cut short, and goes on', async () => {
    const session = new Session({ remove: () => Promise.resolve() });
    await session.greet();

    session.send(byte(PacketType.REMOVE), uint32(7), uint32(1000));
    session.send(...remove(8, 'a'));

    assert.equal((await statusOf(session)).code, Status.BAD_MESSAGE);
    assert.equal((await statusOf(session)).code, Status.OK);
  });

  it('refuses a handle that was never given', async () => {
    const session = new Session();
    await session.greet();

    session.send(byte(PacketType.CLOSE), uint32(7), string('0'));

    assert.equal((await statusOf(session)).code, Status.FAILURE);
  });

  it('begins requests in their order and waits for none', async () => {
    const begun: string[] = [];
    const session = new Session({
      remove: (path) => {
        begun.push(path);
        return path === 'slow' ? new Promise(() => undefined) : Promise.resolve();
      },
    });
    await session.greet();

    for (const [id, path] of ['a', 'slow', 'b'].entries()) session.send(...remove(id, path));

    assert.equal((await statusOf(session)).id, 0);
    assert.equal((await statusOf(session)).id, 2);
    assert.deepEqual(begun, ['a', 'slow', 'b']);
  });

  it('reads no further while too much is under way', async () => {
    let begun = 0;
    let finish: () => void = () => undefined;
    const gate = new Promise<void>((resolve) => (finish = resolve));
    const session = new Session({
      remove: () => {
        begun++;
        return gate;
      },
    });
    await session.greet();
    for (let id = 0; id < 200; id++) session.send(...remove(id, 'a'));
    session.input.end();
    await new Promise(setImmediate);
    const atFirst = begun;

    finish();
    session.output.resume();
    await session.ended;

    assert.ok(atFirst <= 128, `${atFirst} requests were begun at once`);
    assert.equal(begun, 200);
  });

  it('ends with its client, when what was asked for is answered', async () => {
    const session = new Session({ remove: () => Promise.resolve() });
    await session.greet();
    session.send(...remove(7, 'a'));

    session.input.end();

    assert.equal((await statusOf(session)).code, Status.OK);
    await session.ended;
  });

  const violations = [
    {
      name: 'no INIT at the beginning',
      bytes: packet(...remove(1, 'a')),
      message: /does not begin with INIT/,
    },
    { name: 'a packet without content', bytes: uint32(0), message: /packet of 0 bytes/ },
    { name: 'a packet that is too long', bytes: uint32(MAX_PACKET + 1), message: /packet of 262145 bytes/ },
    {
      name: 'a packet of a length with the highest bit set',
      bytes: uint32(0x80000001),
      message: /packet of 2147483649 bytes/,
    },
  ];
  for (const { name, bytes, message } of violations) {
    it(`ends at a violation: ${name}`, async () => {
      const session = new Session();

      session.input.write(bytes);

      await assert.rejects(session.ended, { message });
    });
  }
});

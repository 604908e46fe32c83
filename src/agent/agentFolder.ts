import { constants } from 'node:fs';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { PIPES_SOCKET } from '../agentProtocol/pipeOffer';
import { isKeyId, keyIdOf, SECRET_BYTES, type KeyId } from '../agentProtocol/secret';
import { CodedError, describeError, errnoOf } from '../base/errors';
import { ensurePrivateDir, writeFileAtomic } from '../base/files';
import type { Logger } from '../base/logger';

/** `unsafe`: somebody else could read or change what must be this user's alone. */
export class AgentFolderError extends CodedError<'unsafe'> {}

/** What others learn of a running agent from its folder. */
export interface AgentRecord {
  readonly pid: number;
  readonly version: string;
  /** On which it listens for carriers: one of those that it was given, or none that could be had yet. */
  readonly ports: readonly number[];
  /** ISO 8601. */
  readonly startedAt: string;
}

/** On which the agent of a folder takes carriers. */
export function socketIn(dir: string): string {
  return path.join(dir, 'agent.sock');
}

/** On which it takes the pipes of others for carriers. */
export function pipesSocketIn(dir: string): string {
  return path.join(dir, PIPES_SOCKET);
}

/** The folder of one agent (0700): its secrets, its sockets, its log, and the record that says that it runs. */
export class AgentFolder {
  private constructor(readonly path: string) {}

  /** Makes the folder if need be; rejects with a `FileError` if it is not, or cannot be made, this user's alone. */
  static async open(dir: string): Promise<AgentFolder> {
    const folder = new AgentFolder(path.resolve(dir));
    await ensurePrivateDir(folder.path);
    await ensurePrivateDir(folder.#at('secrets'));
    return folder;
  }

  get socket(): string {
    return socketIn(this.path);
  }

  get pipesSocket(): string {
    return pipesSocketIn(this.path);
  }

  get log(): string {
    return this.#at('agent.log');
  }

  get pipes(): string {
    return this.#at('pipes');
  }

  /** Held by who is about to listen on the sockets. */
  get lock(): string {
    return this.#at('agent.lock');
  }

  get #record(): string {
    return this.#at('agent.json');
  }

  async writeRecord(record: AgentRecord): Promise<void> {
    await writeFileAtomic(this.#record, `${JSON.stringify(record)}\n`);
  }

  async removeRecord(): Promise<void> {
    await fs.rm(this.#record, { force: true });
  }

  /**
   * The secret of that name, as it is on disk now: keys are rotated while an agent runs. Undefined if there is none
   * that can be trusted; the log says why.
   */
  async readSecret(keyId: KeyId, log: Logger): Promise<Buffer | undefined> {
    try {
      const secret = await readPrivateFile(path.join(this.#at('secrets'), keyId));
      if (keyIdOf(secret) !== keyId) throw new AgentFolderError('unsafe', 'it is another secret');
      return secret;
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') log.warn(`secret ${keyId} is not used: ${describeError(error)}`);
      return undefined;
    }
  }

  /** What keys could do here ends with the agent: who comes with one that is still good puts its secret there anew. */
  async removeSecrets(): Promise<void> {
    const dir = this.#at('secrets');
    const secrets = (await fs.readdir(dir)).filter(isKeyId);
    await Promise.all(secrets.map((keyId) => fs.rm(path.join(dir, keyId), { force: true })));
  }

  /**
   * Has what carriers need look as if it was just used: systems clear folders for temporary files of what was not for
   * days (tmpfiles.d(5); macOS: three). What is not there needs nothing.
   */
  async refresh(): Promise<void> {
    const dir = this.#at('secrets');
    const secrets = (await fs.readdir(dir)).map((name) => path.join(dir, name));
    const now = new Date();
    const files = [this.#at('agent.js'), this.#record, ...secrets];
    await Promise.all(files.map((file) => fs.utimes(file, now, now).catch(() => undefined)));
  }

  #at(name: string): string {
    return path.join(this.path, name);
  }
}

async function readPrivateFile(file: string): Promise<Buffer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  const handle = await fs.open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const { uid, mode, size } = await handle.stat();
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
      throw new AgentFolderError('unsafe', 'its file is not this user’s alone');
    }
    if (size !== SECRET_BYTES) throw new AgentFolderError('unsafe', `its file has ${size} bytes`);
    return await handle.readFile();
  } finally {
    await handle.close();
  }
}

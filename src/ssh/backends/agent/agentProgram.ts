import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';

/** The program that runs in sandboxes. */
export class AgentProgram {
  /** First 12 hexadecimal digits of its SHA-256. */
  readonly version: string;

  constructor(private readonly content: Buffer) {
    this.version = createHash('sha256').update(content).digest('hex').slice(0, 12);
  }

  static async read(file: string): Promise<AgentProgram> {
    return new AgentProgram(await readFile(file));
  }

  /** As it travels. */
  pack(): Promise<Buffer> {
    return promisify(gzip)(this.content);
  }
}

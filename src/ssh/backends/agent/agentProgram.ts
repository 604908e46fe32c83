import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { programVersion } from '../../../agentProtocol/programVersion';

/** The program that runs in sandboxes. */
export class AgentProgram {
  readonly version: string;

  constructor(private readonly content: Buffer) {
    this.version = programVersion(content);
  }

  static async read(file: string): Promise<AgentProgram> {
    return new AgentProgram(await readFile(file));
  }

  /** As it travels. */
  pack(): Promise<Buffer> {
    return promisify(gzip)(this.content);
  }
}

import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { silentLogger } from '../../src/base/logger';
import { Origin } from '../../src/cloud/origin';
import type { AgentHost, PublicPort, PublicPortDial, ScriptResult } from '../../src/cloud/provider';
import { dialWebSocket, type CloudWebSocket } from '../../src/cloud/websocket';
import { startLocalProcess } from './localProcess';
import { collect } from './remoteProcess';

/** This computer as a sandbox whose cloud streams nothing to or from a program; its ports of loopback are public. */
export class LocalAgentHost implements AgentHost {
  constructor(
    private readonly env: NodeJS.ProcessEnv,
    private readonly ports: readonly number[],
    /** Runs each script's shell by this program with these arguments, such as bwrap. */
    private readonly wrapper: readonly string[] = [],
  ) {}

  async run(script: string): Promise<ScriptResult> {
    const [program, ...args] = [...this.wrapper, 'sh', '-c', script];
    const { status, stdout, stderr } = await collect(startLocalProcess([program, ...args], this.env));
    return { code: 'code' in status ? status.code : 128, stdout, stderr };
  }

  async upload(file: string, content: Buffer): Promise<void> {
    await fs.mkdir(path.dirname(file), { recursive: true });
    await fs.writeFile(file, content);
  }

  publicPorts(): Promise<readonly PublicPort[]> {
    return Promise.resolve(this.ports.map((port) => ({ port, dial: (options) => dial(port, options) })));
  }
}

async function dial(port: number, { path, headers, signal }: PublicPortDial): Promise<CloudWebSocket> {
  const origin = new Origin({ baseUrl: `http://127.0.0.1:${port}`, headers, log: silentLogger });
  try {
    return await dialWebSocket({ origin, path, what: 'reach the agent', signal });
  } finally {
    origin.route.dispose();
  }
}

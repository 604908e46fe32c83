import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import type { ExecRequest, RemoteProcess, Transport, TransportCapabilities } from '../../src/cloud/provider';
import { startLocalProcess } from './localProcess';

/** This computer as a sandbox: its programs, but an environment of the test's own, by which a shell finds them. */
export class LocalTransport implements Transport {
  /** What was run. */
  readonly commands: ExecRequest['argv'][] = [];

  constructor(
    private readonly env: NodeJS.ProcessEnv,
    /** Runs each command by this program with these arguments, such as bwrap. */
    private readonly wrapper: readonly string[] = [],
  ) {}

  capabilities(): Promise<TransportCapabilities> {
    return Promise.resolve({ binaryOutput: 'yes' });
  }

  roundTripMs(): undefined {
    return undefined;
  }

  exec({ argv }: ExecRequest): Promise<RemoteProcess> {
    this.commands.push(argv);
    const [program, ...args] = [...this.wrapper, ...argv];
    return Promise.resolve(startLocalProcess([program!, ...args], this.env));
  }
}

/** A folder for PATH with programs by name: the file that each stands for, or the text of a script. */
export function makePath(
  dir: string,
  programs: Readonly<Record<string, string | { readonly script: string }>>,
): string {
  mkdirSync(dir, { recursive: true });
  for (const [name, program] of Object.entries(programs)) {
    const file = path.join(dir, name);
    if (typeof program === 'string') {
      symlinkSync(program, file);
    } else {
      writeFileSync(file, program.script);
      chmodSync(file, 0o755);
    }
  }
  return dir;
}

/** Arguments and environment of every process of this computer that can be looked at. */
export function allArguments(): string[] {
  const files = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => [`/proc/${pid}/cmdline`, `/proc/${pid}/environ`]);
  return files.map((file) => {
    try {
      return readFileSync(file, 'latin1');
    } catch {
      return ''; // it has ended, or is another user's
    }
  });
}

import type { CommandLine } from '../sshAccess';
import type { Finding } from './findings';
import { Program, ProgramError } from './programs';

const ROUND_TRIPS = 5;
/** The connection's own lines, which ssh passes on: what it found in the sandbox and what serves it. */
const connectionLine = /^cloud-sandboxes: \[info\] (.*)$/;

/** Connects with the real ssh, and measures how long a line takes into the sandbox and back. */
export async function echoBySsh(
  command: CommandLine,
  env: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<Finding> {
  const began = performance.now();
  const program = new Program(
    { program: command.program, arguments: [...command.arguments, 'cat'] },
    { env: { ...env, CLOUD_SANDBOXES_LOG: 'info' } },
  );
  try {
    await echo(program, 0, signal);
    const connectMs = performance.now() - began;
    const times: number[] = [];
    for (let turn = 1; turn <= ROUND_TRIPS; turn++) times.push(await echo(program, turn, signal));
    const values = { connectMs, roundTripMs: median(times) };
    return { outcome: 'ok', result: 'echoed', values, details: connectionLines(program) };
  } catch (error) {
    if (!(error instanceof ProgramError)) throw error;
    const details = program.complaints.slice(-10);
    return { outcome: 'failed', result: 'echoFails', values: { said: error.message }, details };
  } finally {
    await program.end();
  }
}

/** Resolves with the time that it took, in milliseconds. */
async function echo(program: Program, turn: number, signal: AbortSignal): Promise<number> {
  const line = `cloud-sandboxes-echo-${turn}\n`;
  const began = performance.now();
  program.write(line);
  await program.says(line, signal);
  return performance.now() - began;
}

function connectionLines(program: Program): string[] {
  return program.complaints.flatMap((line) => connectionLine.exec(line)?.[1] ?? []);
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

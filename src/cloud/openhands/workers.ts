import type { ScriptResult } from '../provider';

/**
 * The ports that OpenHands opens for what runs in a sandbox, the best first: the agent of OpenHands shows people its
 * own work on the first of them.
 */
export const workerNames = ['WORKER_2', 'WORKER_1'] as const;
export type WorkerName = (typeof workerNames)[number];

/** Where a cloud of OpenHands has them, unless it says otherwise. */
export const usualWorkerPorts: Readonly<Record<WorkerName, number>> = { WORKER_1: 12_000, WORKER_2: 12_001 };

const script = `printf '%s\\n' "\${WORKER_2-}" "\${WORKER_1-}"`;

/** What the sandbox itself says of them: OpenHands tells its programs by their environment. */
export async function askForWorkerPorts(
  run: (script: string) => Promise<ScriptResult>,
): Promise<Partial<Record<WorkerName, number>>> {
  const { stdout } = await run(script);
  const lines = stdout.split('\n');
  const ports: Partial<Record<WorkerName, number>> = {};
  workerNames.forEach((name, index) => {
    const port = Number(lines[index]);
    if (Number.isInteger(port) && port > 0 && port < 65_536) ports[name] = port;
  });
  return ports;
}

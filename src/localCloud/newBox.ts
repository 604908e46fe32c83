import { randomBytes } from 'node:crypto';
import type { BoxRecord } from './boxRecord';
import type { CreateBoxRequest } from './requests';
import type { Runtime } from './runtimes/runtime';

export const DEFAULT_AUTO_STOP_SECONDS = 900;

export interface NewBox {
  readonly name: string;
  readonly runtime: Pick<Runtime, 'name' | 'place'>;
  readonly request: CreateBoxRequest;
  readonly idempotency?: NonNullable<BoxRecord['idempotency']>;
}

/** The record of a box as it was asked for, with a new id and a default for what was left open. */
export function newRecord({ name, runtime, request, idempotency }: NewBox): BoxRecord {
  const image = request.image ?? request.rootfs_path ?? undefined;
  const now = new Date().toISOString();
  const { network } = request;
  return {
    id: randomBytes(8).toString('hex'),
    name,
    runtime: runtime.name,
    ...(runtime.place !== undefined && { place: runtime.place }),
    ...(image !== undefined && { image }),
    ...(typeof request.cpus === 'number' && { cpus: request.cpus }),
    ...(typeof request.memory_mib === 'number' && { memoryMib: request.memory_mib }),
    env: request.env ?? {},
    ...(request.working_dir && { workingDir: request.working_dir }),
    network: (network?.outbound?.mode ?? network?.mode) !== 'disabled',
    autoStop: request.auto_stop ?? DEFAULT_AUTO_STOP_SECONDS,
    autoDelete: request.auto_delete ?? 0,
    autoResume: request.auto_resume ?? true,
    status: 'configured',
    createdAt: now,
    updatedAt: now,
    ...(idempotency && { idempotency }),
  };
}

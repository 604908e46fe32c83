import { randomBytes } from 'node:crypto';
import * as os from 'node:os';
import type { BoxRecord } from './boxRecord';
import type { CreateBoxRequest } from './requests';
import type { RuntimeName } from './runtimes/runtime';

export const DEFAULT_AUTO_STOP_SECONDS = 900;
/** Most that the Box API lets a client ask for (BoxLite, openapi/box.openapi.yaml, CreateBoxRequest). */
const MAX_CPUS = 32;
const BYTES_PER_MIB = 2 ** 20;

export interface NewBox {
  readonly name: string;
  readonly runtime: RuntimeName;
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
    runtime,
    ...(image !== undefined && { image }),
    cpus: request.cpus ?? Math.min(os.availableParallelism(), MAX_CPUS),
    memoryMib: request.memory_mib ?? Math.floor(os.totalmem() / BYTES_PER_MIB),
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

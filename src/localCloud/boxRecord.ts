/** A box as the server keeps it on disk and as the Box API shows it. */
import * as os from 'node:os';
import * as path from 'node:path';
import * as v from 'valibot';
import { hostnameFor } from './names';
import type { BoxSpec, Runtime } from './runtimes/runtime';

/** Most that the API lets a client ask for (CreateBoxRequest). */
const MAX_CPUS = 32;
const BYTES_PER_MIB = 2 ** 20;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const boxRecord = v.object({
  id: v.pipe(v.string(), v.regex(/^[a-z0-9]+$/)),
  name: v.string(),
  runtime: v.picklist(['docker', 'bubblewrap', 'process']),
  image: v.optional(v.string()),
  place: v.optional(v.string()),
  /**
   * Limits that were asked for. There is no default: an engine in a virtual machine refuses more processors than that
   * has, and a rootless one may not be allowed to limit anything.
   */
  cpus: v.optional(count),
  memoryMib: v.optional(count),
  env: v.record(v.string(), v.string()),
  workingDir: v.optional(v.string()),
  network: v.boolean(),
  /** Seconds without a running command until the box stops; 0: never. */
  autoStop: count,
  /** Seconds after a stop until the box is removed; 0: never. */
  autoDelete: count,
  autoResume: v.boolean(),
  status: v.picklist(['configured', 'running', 'stopped']),
  createdAt: v.string(),
  updatedAt: v.string(),
  /** What created it, so that a repeated request finds this box instead of making another. */
  idempotency: v.optional(v.object({ key: v.string(), digest: v.string() })),
});

export type BoxRecord = v.InferOutput<typeof boxRecord>;

/** Throws a valibot error if the value is no record. */
export function parseBoxRecord(value: unknown): BoxRecord {
  return v.parse(boxRecord, value);
}

/** What a runtime needs to know of the box. `dir`: the box's folder. */
export function specOf(record: BoxRecord, dir: string): BoxSpec {
  return {
    id: record.id,
    hostname: hostnameFor(record.name, record.id),
    dir,
    env: record.env,
    network: record.network,
    ...(record.cpus !== undefined && { cpus: record.cpus }),
    ...(record.memoryMib !== undefined && { memoryMib: record.memoryMib }),
    ...(record.image !== undefined && { image: record.image }),
    ...(record.place !== undefined && { place: record.place }),
    ...(record.workingDir !== undefined && { workingDir: record.workingDir }),
  };
}

export type BoxStatus = BoxRecord['status'] | 'stopping';

/** The Box schema of the Box API (BoxLite, openapi/box.openapi.yaml), with `notice` and `stops_at` added. */
export interface BoxView {
  readonly box_id: string;
  readonly name: string;
  readonly status: BoxStatus;
  readonly created_at: string;
  readonly updated_at: string;
  readonly image: string;
  readonly cpus: number;
  readonly memory_mib: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly auto_stop: number;
  readonly auto_delete: number;
  readonly auto_resume: boolean;
  /** A caution that every place that shows the box must show. */
  readonly notice?: string;
  /** When it will be stopped unless somebody uses it before. */
  readonly stops_at?: string;
}

/** What is true of a box at the moment, besides its record. */
export interface BoxState {
  readonly status: BoxStatus;
  readonly notice?: string;
  readonly stopsAt?: Date;
}

/**
 * What people must know about a box: that it is not isolated, or that the image it names is not what it is made of.
 * Clients that always name an image must work with every runtime, so a name is accepted and its neglect is told.
 */
export function noticeFor(record: BoxRecord, runtime: Pick<Runtime, 'name' | 'notice'>): string | undefined {
  if (record.runtime !== runtime.name) return `made by the ${record.runtime} runtime, which is not in use`;
  const notices = [
    ...(runtime.notice === undefined ? [] : [runtime.notice]),
    ...(usesImage(record) ? [] : [`not the image ${record.image ?? ''}: uses the programs of this computer`]),
  ];
  return notices.length > 0 ? notices.join('; ') : undefined;
}

function usesImage({ runtime, image }: BoxRecord): boolean {
  return runtime === 'docker' || image === undefined || image === 'host' || path.isAbsolute(image);
}

export function viewBox(record: BoxRecord, { status, notice, stopsAt }: BoxState): BoxView {
  return {
    box_id: record.id,
    name: record.name,
    status,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    image: record.image ?? 'host',
    // A box without limits can have all that this computer has.
    cpus: record.cpus ?? Math.min(os.availableParallelism(), MAX_CPUS),
    memory_mib: record.memoryMib ?? Math.floor(os.totalmem() / BYTES_PER_MIB),
    labels: { runtime: record.runtime },
    auto_stop: record.autoStop,
    auto_delete: record.autoDelete,
    auto_resume: record.autoResume,
    ...(notice !== undefined && { notice }),
    ...(stopsAt && { stops_at: stopsAt.toISOString() }),
  };
}

/** The parts of the Box API's answers that are used here (openapi/box.openapi.yaml of boxlite-ai/boxlite). */
import * as v from 'valibot';
import { printable } from '../../base/errors';
import type { Sandbox, SandboxStatus } from '../provider';

const MAX_ID_LENGTH = 512;
const MAX_NOTICE_LENGTH = 200;

const optionalText = v.nullish(v.string());
/** Of what is only shown: an odd one must not take a whole list of boxes from people. */
const shownText = v.fallback(optionalText, undefined);
/** Ids are opaque: ULIDs, UUIDs and 12 base-62 characters have been seen. */
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ID_LENGTH));
/** A code that fits where it ends up, an SSH `exit-status` (32 bits) or the number of a signal. */
const exitCode = v.pipe(v.number(), v.integer(), v.minValue(-127), v.maxValue(0xffffffff));

export const boxSchema = v.object({
  box_id: id,
  name: shownText,
  status: shownText,
  image: shownText,
  created_at: shownText,
  notice: shownText,
  /**
   * Of the local cloud alone. The others tell after how much idle time a box stops (`auto_stop`), but not since when it
   * is idle: `updated_at` is its latest change of state.
   */
  stops_at: shownText,
});

export const boxPageSchema = v.object({ boxes: v.array(boxSchema), next_page_token: optionalText });

export const principalSchema = v.object({
  sub: optionalText,
  email: optionalText,
  display_name: optionalText,
  path_prefix: optionalText,
});

const anything = v.optional(v.unknown());

export const configSchema = v.object({
  defaults: v.nullish(v.object({ auto_stop: anything })),
  capabilities: v.nullish(
    v.object({ binary_output: anything, images_enabled: anything, resource_limits_enabled: anything }),
  ),
});

export const executionSchema = v.object({ execution_id: id });

export const executionStateSchema = v.object({ status: v.string(), exit_code: v.nullish(exitCode) });

export const exitFrameSchema = v.object({ type: v.literal('exit'), exit_code: exitCode });

const statuses = new Map<string, SandboxStatus>([
  // Created and never booted.
  ['configured', 'stopped'],
  ['creating', 'creating'],
  ['starting', 'starting'],
  ['running', 'running'],
  ['stopping', 'stopping'],
  ['stopped', 'stopped'],
  ['paused', 'paused'],
  ['failed', 'failed'],
]);

export function toSandbox(box: v.InferOutput<typeof boxSchema>): Sandbox {
  const createdAt = dateOf(box.created_at);
  const stopsAt = dateOf(box.stops_at);
  const notice = printable(box.notice ?? '', MAX_NOTICE_LENGTH);
  return {
    id: box.box_id,
    name: box.name?.trim() ? box.name : box.box_id,
    status: statuses.get(box.status ?? '') ?? 'unknown',
    ...(box.image ? { image: box.image } : {}),
    ...(createdAt ? { createdAt } : {}),
    ...(stopsAt ? { stopsAt } : {}),
    ...(notice ? { notice } : {}),
  };
}

function dateOf(text: string | null | undefined): Date | undefined {
  const date = new Date(text ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** The parts of the app server's answers that are used here (openapi/openhands-cloud.json of OpenHands/docs). */
import * as v from 'valibot';
import type { SandboxStatus } from '../provider';

const MAX_ID_LENGTH = 512;

const optionalText = v.nullish(v.string());
/** Of what is only shown or optional: an odd one must not take a whole list of sandboxes from people. */
const orNothing = <Schema extends v.GenericSchema>(schema: Schema) =>
  v.fallback(v.nullish(schema), undefined);
const anyText = orNothing(v.string());
const id = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_ID_LENGTH));
const port = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535));

const exposedUrlSchema = v.object({
  name: v.string(),
  url: v.string(),
  /** Of the listener in the sandbox; servers before November 2025 leave it out. */
  port: orNothing(port),
});
export type ExposedUrl = v.InferOutput<typeof exposedUrlSchema>;

/** Those that are complete. */
const exposedUrlsSchema = v.pipe(
  v.array(orNothing(exposedUrlSchema)),
  v.transform((urls) => urls.flatMap((url) => url ?? [])),
);

export const sandboxSchema = v.object({
  id,
  /** Often the reference of a container image. */
  sandbox_spec_id: anyText,
  status: anyText,
  status_detail: anyText,
  /** Of the agent-server in it; another one after each resume. Secret: it opens the user's stored secrets too. */
  session_api_key: anyText,
  /** Some hold the session key in their query. Null unless the sandbox runs. */
  exposed_urls: orNothing(exposedUrlsSchema),
  created_at: anyText,
});
export type SandboxInfo = v.InferOutput<typeof sandboxSchema>;

const page = <Item extends v.GenericSchema>(item: Item) =>
  v.object({ items: v.array(v.nullable(item)), next_page_id: optionalText });

export const sandboxPageSchema = page(sandboxSchema);
/** In the order of the ids that were asked for; null is unknown, or somebody else's. */
export const sandboxListSchema = v.array(v.nullable(sandboxSchema));
export const specPageSchema = page(v.object({ id }));
export const conversationPageSchema = page(v.object({ title: anyText, sandbox_id: anyText }));

export const keySchema = v.object({
  user_id: v.nullish(id),
  /** The one organization that the key opens, if it opens but one. */
  bound_org_id: v.nullish(id),
});
export const userSchema = v.object({ id: v.nullish(id), email: optionalText });

const statuses = new Map<string, SandboxStatus>([
  ['STARTING', 'starting'],
  ['RUNNING', 'running'],
  ['PAUSED', 'paused'],
  ['ERROR', 'failed'],
]);

export function statusOf({ status }: SandboxInfo): SandboxStatus {
  return statuses.get(status ?? '') ?? 'unknown';
}

/** The cloud keeps rows of sandboxes whose runtime is gone for good. */
export function isGone({ status }: SandboxInfo): boolean {
  return status === 'MISSING';
}

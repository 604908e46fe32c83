/** The messages of protocol.ts as JSON-RPC types, and the checks they pass when they arrive. */
import * as v from 'valibot';
import { NotificationType, ParameterStructures, RequestType, RequestType0 } from 'vscode-jsonrpc/node';
import { backendChoices, methods, type ConnectionState, type Grant, type GrantAnswer } from './protocol';

/** Largest message that a broker reads, in bytes: its peers send names and states only. */
export const MAX_REQUEST_BYTES = 64 * 1024;
/** Largest message that a connection reads, in bytes: a grant may carry a company's CA certificates. */
export const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

export const grantRequest = new RequestType<unknown, unknown, void>(
  methods.grant,
  ParameterStructures.byName,
);
export const syncRequest = new RequestType0<null, void>(methods.sync);
export const stateNotification = new NotificationType<unknown>(methods.state, ParameterStructures.byName);

const text = v.pipe(v.string(), v.maxLength(1024));

const grantParams = v.object({ alias: v.pipe(v.string(), v.maxLength(255)) });

const endpoint = v.looseObject({
  provider: text,
  baseUrl: v.pipe(v.string(), v.maxLength(8192)),
  token: v.exactOptional(v.string()),
  network: v.exactOptional(
    v.looseObject({
      proxyUrl: v.exactOptional(v.string()),
      proxyAuthorization: v.exactOptional(v.string()),
      noProxy: v.exactOptional(v.array(v.string())),
      extraCa: v.exactOptional(v.array(v.string())),
      strictTls: v.exactOptional(v.boolean()),
    }),
  ),
});

/** Loose: whatever else a provider's endpoint holds must reach the provider in the connection. */
const grant: v.GenericSchema<unknown, Grant> = v.looseObject({
  alias: text,
  sandbox: v.looseObject({ id: v.string(), name: v.string() }),
  endpoint,
  hostKey: v.string(),
  userKey: v.string(),
  mayStart: v.boolean(),
  // A window of an older version does not send it.
  backend: v.optional(v.picklist(backendChoices), 'auto'),
});

const grantAnswer: v.GenericSchema<unknown, GrantAnswer> = v.variant('ok', [
  v.object({ ok: v.literal(true), grant }),
  v.object({
    ok: v.literal(false),
    reason: v.picklist(['unknown-alias', 'signed-out', 'not-running']),
    message: v.string(),
  }),
]);

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const channels = v.object({
  terminals: count,
  commands: count,
  transfers: count,
  forwards: v.pipe(v.array(v.object({ target: text, count })), v.maxLength(256)),
});

const connectionState: v.GenericSchema<unknown, ConnectionState> = v.object({
  connectionId: v.pipe(v.string(), v.nonEmpty(), v.maxLength(128)),
  alias: v.pipe(v.string(), v.maxLength(255)),
  pid: v.pipe(v.number(), v.safeInteger()),
  phase: v.picklist(['connecting', 'connected', 'reconnecting', 'closed']),
  detail: v.exactOptional(text),
  attempt: v.exactOptional(count),
  reason: v.exactOptional(v.picklist(['stopped', 'deleted', 'signed-out', 'not-running'])),
  roundTripMs: v.exactOptional(v.pipe(v.number(), v.finite(), v.minValue(0))),
  since: v.pipe(v.number(), v.finite()),
  channels: v.exactOptional(channels),
  windowId: v.exactOptional(text),
  terminalProgram: v.exactOptional(text),
});

/** Each throws valibot's ValiError, whose message holds no part of a grant's values but their types. */
export const parseGrantParams = (value: unknown): { alias: string } => v.parse(grantParams, value);
export const parseConnectionState = (value: unknown): ConnectionState => v.parse(connectionState, value);

/** The answer, or undefined if it is none: an error would risk quoting a secret in a log. */
export function parseGrantAnswer(value: unknown): GrantAnswer | undefined {
  const parsed = v.safeParse(grantAnswer, value);
  return parsed.success ? parsed.output : undefined;
}

/** Signing in by a browser, anywhere: the OAuth 2.0 device authorization grant (RFC 8628). */
import * as v from 'valibot';
import { delay } from '../base/async';
import { createDeadline } from '../base/deadline';
import { CodedError } from '../base/errors';
import type { Logger } from '../base/logger';
import { CloudError, cloudErrorCode } from './errors';
import { HttpClient, type HttpAnswer, type HttpContent } from './http';
import { errorOfAnswer } from './httpErrors';
import { Origin, isReadableOnTheWay } from './origin';
import type { Endpoint } from './provider';
import { parseAnswer } from './validate';

/** Where a cloud serves the flow; paths below its base URL. */
export interface DeviceFlow {
  readonly authorizationPath: string;
  readonly tokenPath: string;
}

/** What the person needs. */
export interface DeviceCode {
  /** Short enough to type. */
  readonly userCode: string;
  /** The page to confirm it on, of http or https; with the code filled in where the cloud can do that. */
  readonly page: string;
}

/**
 * - `denied`: the person, or the cloud, said no
 * - `expired`: nobody said anything in time
 */
export class DeviceFlowError extends CodedError<'denied' | 'expired'> {}

export interface DeviceSignIn {
  readonly flow: DeviceFlow;
  readonly endpoint: Pick<Endpoint, 'baseUrl' | 'network'>;
  /** Called once, when there is a code to confirm. */
  readonly onCode: (code: DeviceCode) => void;
  readonly log: Logger;
  /** Waits some milliseconds between two looks; by the clock, unless given. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly signal?: AbortSignal;
}

const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:device_code';
/** RFC 8628 section 3.2: what holds where the cloud says nothing. */
const DEFAULT_INTERVAL_S = 5;
/** RFC 8628 section 3.5: added to the interval by each `slow_down`. */
const SLOWER_S = 5;
/** However long the cloud would wait. */
const MAX_LIFETIME_S = 1800;
const MAX_INTERVAL_S = 60;
/** However often the cloud would be asked. */
const MIN_INTERVAL_S = 1;

const seconds = v.pipe(v.number(), v.minValue(0), v.maxValue(86_400));
const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(16_384));

const authorizationSchema = v.object({
  device_code: text,
  // It is put on the clipboard: with a line break in it, it would be a command to whoever pastes it into a terminal.
  user_code: v.pipe(text, v.maxLength(64), v.regex(/^[\p{L}\p{N}\p{P}\p{S} ]+$/u)),
  verification_uri: text,
  verification_uri_complete: v.nullish(text),
  expires_in: seconds,
  interval: v.nullish(seconds),
});
type Authorization = v.InferOutput<typeof authorizationSchema>;

const tokenSchema = v.object({ access_token: text });
const refusalSchema = v.object({ error: v.string(), interval: v.nullish(seconds) });

/**
 * Resolves to the access token once the person has confirmed the code. A network that fails in between is waited for.
 * Rejects with a {@link DeviceFlowError}, a {@link CloudError} or the signal's reason.
 */
export async function signInByDevice(options: DeviceSignIn): Promise<string> {
  const { endpoint, onCode, log } = options;
  const { baseUrl, network } = endpoint;
  const origin = new Origin({ baseUrl, log, ...(network && { network }) });
  try {
    const http = new HttpClient(origin);
    const authorization = await authorize(http, options);
    onCode({ userCode: authorization.user_code, page: pageOf(authorization, new URL(baseUrl)) });
    return await untilConfirmed(http, authorization, options);
  } finally {
    origin.route.dispose();
  }
}

async function authorize(http: HttpClient, { flow, signal }: DeviceSignIn): Promise<Authorization> {
  const what = 'sign in by the browser';
  const content = form({});
  const answer = await http.request({ what, method: 'POST', path: flow.authorizationPath, content, signal });
  return parseAnswer(authorizationSchema, answer.body, 'offer to sign in by the browser');
}

/** The system opens the page with whatever it has for the scheme, so that must be a browser's. */
function pageOf(authorization: Authorization, base: URL): string {
  const page = authorization.verification_uri_complete ?? authorization.verification_uri;
  const url = URL.canParse(page) ? new URL(page) : undefined;
  // Behind a proxy that ends TLS a cloud may take its own address for one of http.
  if (url?.protocol === 'http:' && url.host === base.host) url.protocol = base.protocol;
  const isWeb = url?.protocol === 'https:' || url?.protocol === 'http:';
  // With a user in it, an address looks like another host's.
  const isPage = isWeb && url.username === '' && url.password === '';
  if (isPage && (!isReadableOnTheWay(url) || isReadableOnTheWay(base))) return url.href;
  throw new CloudError(
    'protocol',
    'The page for the sign-in that the cloud names is not an https:// address; sign in by a key',
  );
}

async function untilConfirmed(
  http: HttpClient,
  authorization: Authorization,
  { flow, wait = delay, signal }: DeviceSignIn,
): Promise<string> {
  const lifetimeS = Math.min(authorization.expires_in, MAX_LIFETIME_S);
  const deadline = createDeadline(lifetimeS * 1000, expired, signal);
  const intervalS = Math.max(authorization.interval ?? DEFAULT_INTERVAL_S, MIN_INTERVAL_S);
  let pace: Pace = { intervalS, failures: 0 };
  try {
    for (;;) {
      await wait(waitS(pace) * 1000, deadline.signal);
      const poll = await askForToken(http, flow, authorization.device_code, deadline.signal);
      if ('token' in poll) return poll.token;
      pace = nextPace(pace, poll);
    }
  } finally {
    deadline.dispose();
  }
}

/** What one look shows, unless it is the end. */
type Poll =
  | { readonly token: string }
  | { readonly pending: 'unconfirmed' | 'unreachable' }
  | { readonly pending: 'slow-down'; readonly intervalS: number };

interface Pace {
  readonly intervalS: number;
  /** How often the network failed since it last worked. */
  readonly failures: number;
}

/** RFC 8628 section 3.5 asks for an exponential back-off while the network fails. */
function waitS({ intervalS, failures }: Pace): number {
  return failures === 0 ? intervalS : Math.min(intervalS * 2 ** failures, MAX_INTERVAL_S);
}

function nextPace({ intervalS, failures }: Pace, poll: Exclude<Poll, { token: string }>): Pace {
  switch (poll.pending) {
    case 'unconfirmed':
      return { intervalS, failures: 0 };
    case 'slow-down':
      return {
        intervalS: Math.min(Math.max(poll.intervalS, intervalS + SLOWER_S), MAX_INTERVAL_S),
        failures: 0,
      };
    case 'unreachable':
      return { intervalS, failures: failures + 1 };
  }
}

async function askForToken(
  http: HttpClient,
  flow: DeviceFlow,
  deviceCode: string,
  signal: AbortSignal,
): Promise<Poll> {
  const what = 'sign in by the browser';
  const content = form({ grant_type: GRANT_TYPE, device_code: deviceCode });
  const accepts = (status: number): boolean => status >= 400 && status < 500;
  try {
    const answer = await http.request({
      what,
      method: 'POST',
      path: flow.tokenPath,
      content,
      accepts,
      signal,
    });
    if (accepts(answer.status)) return interpretRefusal(what, answer);
    return { token: parseAnswer(tokenSchema, answer.body, 'answer to the sign-in').access_token };
  } catch (error) {
    if (!signal.aborted && cloudErrorCode(error) === 'unreachable') return { pending: 'unreachable' };
    throw error;
  }
}

/** RFC 8628 section 3.5 and RFC 6749 section 5.2. */
function interpretRefusal(what: string, answer: HttpAnswer): Poll {
  const failure = errorOfAnswer(what, answer);
  const parsed = v.safeParse(refusalSchema, answer.body);
  const { error, interval } = parsed.success ? parsed.output : { error: '' };
  if (error === 'authorization_pending') return { pending: 'unconfirmed' };
  if (error === 'slow_down') return { pending: 'slow-down', intervalS: interval ?? 0 };
  if (error === 'expired_token') throw expired();
  if (error === 'access_denied') {
    const message = 'The sign-in was refused in the browser; try again';
    throw new DeviceFlowError('denied', message, { cause: failure });
  }
  if (failure.code !== 'rate-limited') throw failure;
  return { pending: 'slow-down', intervalS: Math.ceil((failure.retryAfterMs ?? 0) / 1000) };
}

function expired(): DeviceFlowError {
  return new DeviceFlowError('expired', 'The code was not confirmed in the browser in time; sign in again');
}

function form(fields: Readonly<Record<string, string>>): HttpContent {
  return {
    type: 'application/x-www-form-urlencoded',
    bytes: Buffer.from(new URLSearchParams(fields).toString()),
  };
}

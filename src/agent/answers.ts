import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { OperationErrorCode, OperationFailure } from '../agentProtocol/operations';
import { describeError } from '../base/errors';
import { OperationError } from './operationError';

/** Nearest in meaning; clients go by the code in the body. */
const STATUS: Readonly<Record<OperationErrorCode, number>> = {
  invalid: 400,
  'not-found': 404,
  busy: 429,
  refused: 502,
  unavailable: 503,
};

/** Begins a channel's output. */
export function answer(stream: ServerHttp2Stream, headers: OutgoingHttpHeaders = {}): void {
  if (isOpen(stream)) stream.respond({ ...headers, ':status': 200 });
}

/** Begins a channel's output, behind which trailers come: they are asked for when the stream is ended. */
export function answerWithTrailers(stream: ServerHttp2Stream, trailers: () => OutgoingHttpHeaders): void {
  if (!isOpen(stream)) return;
  stream.once('wantTrailers', () => stream.sendTrailers(trailers()));
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
}

/** Answers with why it cannot be done; one that has been answered already is reset. */
export function refuse(stream: ServerHttp2Stream, reason: unknown): void {
  if (!isOpen(stream)) return;
  if (stream.headersSent) {
    stream.close(constants.NGHTTP2_INTERNAL_ERROR);
    return;
  }
  const code = reason instanceof OperationError ? reason.code : 'unavailable';
  const failure: OperationFailure = { code, message: describeError(reason) };
  stream.respond({ ':status': STATUS[code] });
  stream.end(JSON.stringify(failure));
  // Input that nobody takes would hold back its sender.
  stream.resume();
}

/** Whether it can still be written to: its client may go away at any time. */
export function isOpen(stream: ServerHttp2Stream): boolean {
  return !stream.destroyed && !stream.closed && !stream.writableEnded;
}

import { constants, type ClientHttp2Stream, type IncomingHttpHeaders } from 'node:http2';
import * as v from 'valibot';
import {
  listenPathHeader,
  listenPortHeader,
  operations,
  type IncomingConnection as Announcement,
  type ListenDescription,
} from '../../../agentProtocol/operations';
import type { IncomingConnection, Listener } from '../../backend';
import type { AgentSession } from './agentSession';
import { ChannelStream } from './channelStream';

const MAX_LINE_BYTES = 4096;

const announcement: v.GenericSchema<unknown, Announcement> = v.object({
  channel: v.pipe(v.string(), v.regex(/^[a-z0-9]{1,32}$/)),
  host: v.pipe(v.string(), v.maxLength(255)),
  port: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535)),
});

export interface AgentListener extends Listener {
  /** Of a private socket; else empty. */
  readonly path: string;
}

/** Has the agent listen until the listener is closed or the session ends. Rejects as {@link AgentSession.open}. */
export async function listenByAgent(
  session: AgentSession,
  address: ListenDescription['address'],
  onConnection: (connection: IncomingConnection) => void,
  signal?: AbortSignal,
): Promise<AgentListener> {
  const { stream, headers } = await session.open(operations.listen, { address }, signal);
  readLines(stream, (line) => {
    const parsed = v.safeParse(announcement, parseJson(line));
    if (!parsed.success) {
      stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
      return;
    }
    const { channel, host, port } = parsed.output;
    session.open(operations.accept, { channel }).then(
      (accepted) => onConnection({ stream: new ChannelStream(accepted.stream, session), host, port }),
      () => undefined, // whoever connected has gone, and knows
    );
  });
  return {
    port: Number(headers[listenPortHeader] ?? 0),
    path: pathOf(headers),
    close: () => session.abandon(stream),
  };
}

function pathOf(headers: IncomingHttpHeaders): string {
  const path = headers[listenPathHeader];
  return typeof path === 'string' ? decodeURIComponent(path) : '';
}

/** A line that does not end is not waited for. */
function readLines(stream: ClientHttp2Stream, onLine: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8');
  stream.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE_BYTES) stream.close(constants.NGHTTP2_PROTOCOL_ERROR);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

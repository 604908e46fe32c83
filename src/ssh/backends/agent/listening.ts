import * as v from 'valibot';
import type { Channel } from '../../../agentProtocol/channels/channel';
import {
  operations,
  type IncomingConnection as Announcement,
  type ListenDescription,
  type ListenDetails,
} from '../../../agentProtocol/operations';
import { BridgeError, type IncomingConnection, type Listener } from '../../backend';
import type { AgentSession } from './agentSession';

const MAX_LINE_BYTES = 4096;

const port = v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(65_535));

const announcement: v.GenericSchema<unknown, Announcement> = v.object({
  channel: v.pipe(v.string(), v.regex(/^[a-z0-9]{1,32}$/)),
  host: v.pipe(v.string(), v.maxLength(255)),
  port,
});

const listenDetails: v.GenericSchema<unknown, ListenDetails> = v.object({
  port,
  path: v.exactOptional(v.string()),
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
  const { channel, details } = await session.open(operations.listen, { address }, signal);
  const listening = v.safeParse(listenDetails, details);
  if (!listening.success) {
    channel.destroy();
    throw new BridgeError('unavailable', 'The agent in the sandbox does not say where it listens');
  }
  readLines(channel, (line) => {
    const parsed = v.safeParse(announcement, parseJson(line));
    if (!parsed.success) {
      channel.destroy();
      return;
    }
    const { channel: id, host, port } = parsed.output;
    session.open(operations.accept, { channel: id }).then(
      (accepted) => onConnection({ stream: accepted.channel, host, port }),
      () => undefined, // whoever connected has gone, and knows
    );
  });
  const { port: bound, path = '' } = listening.output;
  return { port: bound, path, close: () => channel.destroy() };
}

/** A line that does not end is not waited for. */
function readLines(channel: Channel, onLine: (line: string) => void): void {
  let rest = '';
  channel.setEncoding('utf8');
  channel.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
    if (rest.length > MAX_LINE_BYTES) channel.destroy();
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * The parts of ssh2 that we need and that it does not export. They are stable since 1.0 and pinned by the lock
 * file; test/integration/ssh exercises each of them.
 */
import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { printable } from '../base/errors';
import type { Client, ClientChannel, Connection, Server, ServerChannel, Session } from 'ssh2';
import type { SignalName, TerminalSize } from '../cloud/provider';
import { encodeString } from './sshString';

interface PacketWriter {
  readonly allocStart: number;
  alloc(payloadLength: number): Buffer;
  finalize(packet: Buffer): Buffer;
}

interface Protocol {
  readonly _packetRW: { readonly write: PacketWriter };
  readonly _cipher: { encrypt(packet: Buffer): void };
  channelData(recipient: number, data: Buffer): void;
  channelExtData(recipient: number, data: Buffer, type: number): void;
  exitStatus(recipient: number, status: number): void;
  exitSignal(recipient: number, name: string, coreDumped: boolean, message: string): void;
  channelOpenFail(recipient: number, reason: number, description: string): void;
  channelSuccess(recipient: number): void;
  channelFailure(recipient: number): void;
  signal(recipient: number, name: string): void;
  windowChange(recipient: number, rows: number, columns: number, height: number, width: number): void;
  openssh_authAgent(sender: number, window: number, packetSize: number): void;
}

type ChannelRequestHandler = (
  protocol: Protocol,
  recipient: number,
  type: string,
  wantReply: boolean,
  data: unknown,
) => void;

interface ConnectionInternals {
  readonly _protocol: Protocol & { readonly _handlers: { CHANNEL_REQUEST: ChannelRequestHandler } };
  /** What the connection was injected with or accepted on. */
  readonly _sock: Duplex;
  readonly _chanMgr: {
    get(id: number): unknown;
    /** Reserves a channel's number; -1 if there is none. */
    add(onAnswer: ChannelAnswer): number;
  };
}

/** Is called with what the client says to a CHANNEL_OPEN, or when the connection ends before. */
type ChannelAnswer = ((error: Error | undefined, channel: ServerChannel) => void) & { type?: string };

interface ChannelInternals {
  readonly _client: ConnectionInternals;
  /** Bytes that the client may still send; at half of ssh2's own window it is granted more. */
  readonly incoming: { window: number };
  readonly outgoing: {
    readonly id: number;
    /** Bytes that the client is ready to take. */
    window: number;
    readonly packetSize: number;
    readonly state: 'open' | 'eof' | 'closing' | 'closed';
  };
  /** With it set, the next CHANNEL_WINDOW_ADJUST calls `_chunkcb`. */
  _waitWindow: boolean;
  _chunkcb: (() => void) | undefined;
  eof(): void;
  close(): void;
}

/** A channel with its outgoing side laid open. */
export type OpenChannel = ServerChannel & ChannelInternals;

export function openChannel(channel: ServerChannel): OpenChannel {
  return channel as OpenChannel;
}

/** What ssh2's handlers of messages know a connection by. */
export function protocolOf(connection: Connection | Client): object {
  return (connection as (Connection | Client) & ConnectionInternals)._protocol;
}

/** What packets are written to. */
export function socketOf(connection: Connection | Client): Duplex {
  return (connection as (Connection | Client) & ConnectionInternals)._sock;
}

/** What encrypts or decrypts packets; a new one after each key exchange. */
type PacketCipher = '_cipher' | '_decipher';

/** Lets `replace` decide on every cipher that ssh2 makes from now on: the same one, changed or not, or another. */
export function replaceEach(
  connection: Connection | Client,
  name: PacketCipher,
  replace: (cipher: object) => object,
): void {
  const protocol = protocolOf(connection);
  let current: unknown = Reflect.get(protocol, name);
  Object.defineProperty(protocol, name, {
    get: () => current,
    set: (cipher: object) => (current = replace(cipher)),
  });
}

/** Serves a stream as if it had been accepted; ssh2 asks no more of a socket than a Duplex has. */
export function injectStream(server: Server, stream: Duplex): void {
  (server as unknown as { injectSocket(stream: Duplex): void }).injectSocket(stream);
}

/** A session whose program runs, or is being started. */
interface RunningSession extends EventEmitter {
  readonly _channel: OpenChannel;
}

/**
 * Takes the requests for a session whose program runs as sshd does. ssh2 passes none on once the client's input has
 * ended, leaves a client that wants an answer without one, and does not know OpenSSH's `eow@openssh.com` (its PROTOCOL
 * file, section 2.1), by which a client says that nobody reads its output any more: that is emitted as `eow`.
 */
export function takeRunningSessionRequests(connection: Connection): void {
  const { _protocol: protocol, _chanMgr: channels } = connection as Connection & ConnectionInternals;
  const handlers = protocol._handlers;
  const next = handlers.CHANNEL_REQUEST;
  handlers.CHANNEL_REQUEST = (sender, recipient, type, wantReply, data) => {
    const session = channels.get(recipient);
    if (!isRunning(session)) {
      next(sender, recipient, type, wantReply, data);
      return;
    }
    const isTaken = emitRequest(session, type, data);
    const { id, state } = session._channel.outgoing;
    if (!wantReply || (state !== 'open' && state !== 'eof')) return;
    if (isTaken) protocol.channelSuccess(id);
    else protocol.channelFailure(id);
  };
}

function isRunning(channel: unknown): channel is RunningSession {
  return channel instanceof EventEmitter && '_channel' in channel && channel._channel !== undefined;
}

/** Whether it is one of the few that a running program can be sent. */
function emitRequest(session: RunningSession, type: string, data: unknown): boolean {
  switch (type) {
    case 'eow@openssh.com':
      return session.emit('eow');
    case 'window-change':
      return session.emit(type, undefined, undefined, data);
    case 'signal':
      return session.emit(type, undefined, undefined, { name: data });
    default:
      return false;
  }
}

/** Listens for what {@link takeRunningSessionRequests} emits, which ssh2's types do not have. */
export function onEndOfWrite(session: Session, listener: () => void): void {
  (session as EventEmitter).once('eow', listener);
}

/** Refuses to open a channel and says why, which ssh2's own `reject` leaves out; ssh shows it to its user. */
export function rejectBecause(connection: Connection, reject: () => void, description: string): void {
  const { _protocol: protocol } = connection as Connection & ConnectionInternals;
  const send = protocol.channelOpenFail.bind(protocol);
  protocol.channelOpenFail = (recipient, reason) => send(recipient, reason, printable(description));
  try {
    reject();
  } finally {
    protocol.channelOpenFail = send;
  }
}

/** Signals a session's program, also after its input has ended, when ssh2's own method does nothing. */
export function sendSignal(channel: ClientChannel, name: SignalName): void {
  sendRequest(channel, (protocol, recipient) => protocol.signal(recipient, name));
}

/** As {@link sendSignal}: a program with a terminal that reads no more can still be resized. */
export function sendWindowChange(channel: ClientChannel, { columns, rows }: TerminalSize): void {
  sendRequest(channel, (protocol, recipient) => protocol.windowChange(recipient, rows, columns, 0, 0));
}

function sendRequest(channel: ClientChannel, send: (protocol: Protocol, recipient: number) => void): void {
  const { _client: client, outgoing } = channel as ClientChannel & ChannelInternals;
  if (outgoing.state === 'open' || outgoing.state === 'eof') send(client._protocol, outgoing.id);
}

/** What ssh2 grants each channel; it accounts for no other numbers. */
const WINDOW_BYTES = 2 * 1024 * 1024;
const PACKET_BYTES = 32 * 1024;
const AUTH_AGENT = 'auth-agent@openssh.com';

/**
 * Asks the client for a channel to its ssh-agent, which ssh2's server side has a message for, but no method. The
 * answer comes as to ssh2's own `forwardOut`.
 */
export function openAgentChannel(
  connection: Connection,
  answer: (error: Error | undefined, channel: ServerChannel) => void,
): void {
  const { _protocol: protocol, _chanMgr: channels } = connection as Connection & ConnectionInternals;
  const onAnswer: ChannelAnswer = (error, channel) => answer(error, channel);
  onAnswer.type = AUTH_AGENT;
  protocol.openssh_authAgent(channels.add(onAnswer), WINDOW_BYTES, PACKET_BYTES);
}

const MSG_DISCONNECT = 1;
const MSG_USERAUTH_BANNER = 53;
const DISCONNECT_BY_APPLICATION = 11;

/**
 * Sends a banner while authentication is pending (RFC 4252 section 5.4); ssh2 itself can send only one, before it
 * begins. Any packet resets the client's timer for an unresponsive server.
 */
export function sendAuthBanner(connection: Connection, text: string): void {
  sendPacket(connection, [byte(MSG_USERAUTH_BANNER), encodeString(`${printable(text)}\r\n`), NO_LANGUAGE]);
}

/**
 * Says while authentication is pending that the connection ends and why (RFC 4253 section 11.1); ssh2 itself leaves
 * the reason empty. Not every client shows what its ProxyCommand prints.
 */
export function sendDisconnect(connection: Connection, text: string): void {
  const reason = Buffer.alloc(4);
  reason.writeUInt32BE(DISCONNECT_BY_APPLICATION);
  sendPacket(connection, [byte(MSG_DISCONNECT), reason, encodeString(printable(text)), NO_LANGUAGE]);
}

const byte = (value: number): Buffer => Buffer.of(value);
const NO_LANGUAGE = encodeString('');

/** Only for a connection whose keys are exchanged and not being exchanged again. */
function sendPacket(connection: Connection, fields: readonly Buffer[]): void {
  const { _protocol: protocol } = connection as Connection & ConnectionInternals;
  const writer = protocol._packetRW.write;
  const payload = Buffer.concat(fields);
  const packet = writer.alloc(payload.length);
  payload.copy(packet, writer.allocStart);
  protocol._cipher.encrypt(writer.finalize(packet));
}

import type { WebSocket } from 'ws';

export interface HeartbeatOptions {
  readonly intervalMs: number;
  /** A peer that is silent for longer is dead. */
  readonly silenceLimitMs: number;
  /** Called with each measured round trip, in milliseconds. */
  onRoundTrip(ms: number): void;
  onDead(): void;
}

/**
 * Pings over one open WebSocket (RFC 6455 section 5.5.2): keeps middleboxes from cutting an idle connection, measures
 * the round trip and notices a peer that is gone without a word.
 *
 * Silence is no proof in two cases. While we hold the socket we hear nothing; the peer gets unsolicited pongs then,
 * because it cannot get an answer to its own pings. And a peer that holds its side, because the sandbox does not read
 * its input, sees no ping of ours behind that input; unless it sends pings itself, it is given the time TCP gives it.
 */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #lastTick = performance.now();
  #lastHeard = performance.now();
  #peerPings = false;
  /** Frames of data sent in all, and how many of them a pong has confirmed. */
  #sent = 0;
  #confirmed = 0;
  #pings = 0;
  #ping: { readonly payload: string; readonly at: number; readonly sent: number } | undefined;

  constructor(
    private readonly ws: WebSocket,
    private readonly options: HeartbeatOptions,
  ) {
    ws.on('message', () => this.#hear());
    ws.on('ping', () => {
      this.#peerPings = true;
      this.#hear();
    });
    ws.on('pong', (payload) => this.#onPong(payload.toString()));
    this.#timer = setInterval(() => this.#tick(), options.intervalMs);
    this.#sendPing();
  }

  /** To be called for each frame of data that is sent. */
  noteSent(): void {
    this.#sent++;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #hear(): void {
    this.#lastHeard = performance.now();
  }

  #tick(): void {
    const now = performance.now();
    // A late tick means that this computer slept or was busy; silence in that time says nothing.
    const overslept = now - this.#lastTick > 2 * this.options.intervalMs;
    this.#lastTick = now;
    if (overslept || this.ws.isPaused) this.#lastHeard = now;
    const isSilent = now - this.#lastHeard > this.options.silenceLimitMs;
    if (this.ws.isPaused) this.ws.pong();
    else if (isSilent && this.#silenceIsProof()) this.options.onDead();
    else this.#sendPing();
  }

  #silenceIsProof(): boolean {
    return this.#peerPings || this.#sent === this.#confirmed;
  }

  #sendPing(): void {
    if (this.ws.readyState !== this.ws.OPEN) return;
    const payload = String(this.#pings++);
    // Behind unsent data a ping would measure the queue.
    const measurable = this.ws.bufferedAmount === 0;
    this.#ping = measurable ? { payload, at: performance.now(), sent: this.#sent } : undefined;
    this.ws.ping(payload);
  }

  #onPong(payload: string): void {
    this.#hear();
    if (this.#ping?.payload !== payload) return;
    this.#confirmed = this.#ping.sent;
    this.options.onRoundTrip(performance.now() - this.#ping.at);
    this.#ping = undefined;
  }
}

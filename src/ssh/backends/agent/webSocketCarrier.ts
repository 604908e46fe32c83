import { Duplex } from 'node:stream';
import { CloudError } from '../../../cloud/errors';
import { describeClose, type CloudWebSocket } from '../../../cloud/websocket';

const HIGH_WATER_BYTES = 1024 * 1024;
/** RFC 6455 section 7.4.1: normal closure, going away, and none given. */
const CLEAN_CLOSE = new Set([1000, 1001, 1005]);

type Callback = (error?: Error | null) => void;

/** An open WebSocket as a carrier; the boundaries of messages mean nothing. The socket belongs to it. */
export class WebSocketCarrier extends Duplex {
  readonly #socket: CloudWebSocket;

  constructor(socket: CloudWebSocket) {
    super({
      allowHalfOpen: false,
      readableHighWaterMark: HIGH_WATER_BYTES,
      writableHighWaterMark: HIGH_WATER_BYTES,
    });
    this.#socket = socket;
    socket.listen({
      onMessage: (data) => {
        if (!this.push(data)) socket.pause();
      },
      onClose: (close) => {
        if (CLEAN_CLOSE.has(close.code)) this.push(null);
        else
          this.destroy(
            new CloudError('unreachable', `Lost the connection to the agent: ${describeClose(close)}`),
          );
      },
    });
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _writev(chunks: { chunk: Buffer }[], done: Callback): void {
    const last = chunks.length - 1;
    chunks.forEach(({ chunk }, at) => this.#socket.send(chunk, at === last ? done : undefined));
  }

  override _final(done: Callback): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#socket.terminate();
    done(error);
  }
}

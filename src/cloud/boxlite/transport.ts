import type { ExecRequest, RemoteProcess, Transport, TransportCapabilities } from '../provider';
import type { BoxliteApi } from './api';
import { Execution } from './execution';
import { BoxliteProcess } from './process';

/** The way into one box: each process is one execution with one WebSocket. */
export class BoxliteTransport implements Transport {
  #roundTripMs: number | undefined;

  constructor(
    private readonly api: BoxliteApi,
    private readonly boxId: string,
  ) {}

  async capabilities(signal?: AbortSignal): Promise<TransportCapabilities> {
    const { capabilities } = await this.api.config(signal);
    // Servers that say nothing decode output as UTF-8, but for how long is theirs to change.
    return { binaryOutput: capabilities?.binary_output === true ? 'yes' : 'unknown' };
  }

  roundTripMs(): number | undefined {
    return this.#roundTripMs;
  }

  async exec(request: ExecRequest, signal?: AbortSignal): Promise<RemoteProcess> {
    const execution = await Execution.create(this.api, this.boxId, request, signal);
    try {
      const onRoundTrip = (ms: number): void => void (this.#roundTripMs = ms);
      const socket = await execution.attach({ signal, onRoundTrip });
      const process = new BoxliteProcess(execution, socket, this.api.log);
      // The API's exec has no size; a terminal begins at the server's default.
      if (request.terminal) process.resize(request.terminal);
      return process;
    } catch (error) {
      void execution.destroy();
      throw error;
    }
  }
}

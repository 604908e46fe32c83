import { performance } from 'node:perf_hooks';
import type { Socket } from 'node:net';
import * as pty from '@lydell/node-pty';
import { percentile } from '../statistics';
import type { Target } from '../target';

const SAMPLES = 1000;
/** The first ones find caches cold and compilers at work. */
const WARM_UP_SAMPLES = 1000;
/** Not an echo of what is typed, which has a quote in it. */
const READY = 'raw-echo';

/** What gives back each byte. */
export interface Echo {
  write(byte: string): void;
  /** Calls back with all that arrives. */
  onData(listener: (data: string) => void): void;
}

/** Round trips of single bytes, one after the other, in milliseconds. */
export async function roundTrips(echo: Echo, samples = SAMPLES): Promise<number[]> {
  const times: number[] = [];
  let arrived: () => void = () => undefined;
  echo.onData(() => arrived());
  for (let sample = -WARM_UP_SAMPLES; sample < samples; sample++) {
    const back = new Promise<void>((resolve) => (arrived = resolve));
    const begin = performance.now();
    echo.write('x');
    await back;
    if (sample >= 0) times.push(performance.now() - begin);
  }
  return times;
}

export function echoOf(socket: Socket): Echo {
  socket.setNoDelay(true);
  return {
    write: (byte) => socket.write(byte),
    onData: (listener) => socket.on('data', (data) => listener(data.toString())),
  };
}

/** A byte typed into a terminal on this computer, until the sandbox's end of it has given it back. */
export async function terminalEcho(target: Target): Promise<{ 'echo.p50': number; 'echo.p99': number }> {
  const [program, ...args] = target.command("stty raw -echo; echo raw'-'echo; exec cat", { terminal: true });
  const terminal = pty.spawn(program, args, { name: 'xterm', cols: 80, rows: 24 });
  try {
    await shows(terminal, READY);
    const times = await roundTrips({
      write: (byte) => terminal.write(byte),
      onData: (listener) => void terminal.onData(listener),
    });
    return { 'echo.p50': percentile(times, 50), 'echo.p99': percentile(times, 99) };
  } finally {
    terminal.kill('SIGHUP');
  }
}

function shows(terminal: pty.IPty, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let shown = '';
    terminal.onData((data) => {
      shown += data;
      if (new RegExp(`${text}\\r?\\n`).test(shown)) resolve();
    });
    terminal.onExit(() => reject(new Error(`The terminal ended: ${shown}`)));
  });
}

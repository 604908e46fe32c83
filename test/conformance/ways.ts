/** The ways of ssh to a server in the sandbox. */
import * as path from 'node:path';
import type { Duplex } from 'node:stream';
import { connectBySocks, connectTo, ForwardingSsh, freePort, stdioOf } from '../helpers/forwards';
import type { ServerName } from '../helpers/sandboxServers';
import type { Target } from './target';

export interface Way {
  readonly name: string;
  /** Whether ssh itself goes on reading once the server has ended its output. */
  readonly outlivesOutput: boolean;
  /** Opens what leads to a server; more than one connection may be made. */
  readonly open: (target: Target, server: ServerName) => Promise<OpenWay>;
}

/** Its owner closes it. */
export interface OpenWay {
  readonly connect: () => Promise<Duplex>;
  readonly close: () => Promise<void>;
}

export const ways: readonly Way[] = [
  {
    name: '-L to a port',
    outlivesOutput: true,
    open: async (target, server) => {
      const port = await freePort();
      return forward(target, ['-L', `${port}:127.0.0.1:${target.servers[server].port}`], () =>
        connectTo(port),
      );
    },
  },
  {
    name: '-L to a Unix socket',
    outlivesOutput: true,
    open: async (target, server) => {
      const port = await freePort();
      return forward(target, ['-L', `${port}:${target.servers[server].path}`], () => connectTo(port));
    },
  },
  {
    name: '-L from a Unix socket',
    outlivesOutput: true,
    open: (target, server) => {
      const socket = path.join(target.dir, 's');
      const options = ['-L', `${socket}:localhost:${target.servers[server].port}`];
      return forward(target, options, () => connectTo(socket));
    },
  },
  {
    name: '-D',
    outlivesOutput: true,
    open: async (target, server) => {
      const port = await freePort();
      return forward(target, ['-D', `127.0.0.1:${port}`], () =>
        connectBySocks(port, 'localhost', target.servers[server].port),
      );
    },
  },
  {
    name: '-W',
    outlivesOutput: false,
    open: ({ host, servers }, server) => {
      const connect = (): Duplex =>
        stdioOf(host.spawn('ssh', ['-W', `localhost:${servers[server].port}`, host.alias]));
      return Promise.resolve({ connect: () => Promise.resolve(connect()), close: () => Promise.resolve() });
    },
  },
];

async function forward(
  { host }: Target,
  options: readonly string[],
  connect: () => Promise<Duplex>,
): Promise<OpenWay> {
  const ssh = await ForwardingSsh.open(host, options);
  return { connect, close: () => ssh.close() };
}

/** Opens a way for as long as `use` takes. */
export async function withWay<T>(
  way: Way,
  target: Target,
  server: ServerName,
  use: (way: OpenWay) => Promise<T>,
): Promise<T> {
  const opened = await way.open(target, server);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

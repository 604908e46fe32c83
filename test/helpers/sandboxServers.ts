import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { SshHost } from './sshHost';

/** What the burst server sends: every byte value, more than any window or pipe on the way holds. */
export const BURST = Buffer.alloc(4 * 1024 * 1024, Buffer.from(Array.from({ length: 256 }, (_, i) => i)));

/**
 * Each server listens on a TCP port of its own and a Unix socket:
 * - echo: gives back each byte, and closes when its client has
 * - digest: reads to the end and only then answers, with the SHA-256 in hex
 * - burst: sends {@link BURST} to whoever connects, and closes at once
 * - parting: sends {@link BURST} and the end of its output, then reads to the end
 * - report: sends the SHA-256 in hex of what one connection to "parting" has read
 */
const SCRIPT = `
import hashlib, json, os, queue, socket, socketserver, sys, threading

def echo(s):
    while data := s.recv(65536): s.sendall(data)

def digest(s):
    h = hashlib.sha256()
    while data := s.recv(65536): h.update(data)
    s.sendall(h.hexdigest().encode())

def burst(s):
    s.sendall(bytes(range(256)) * (4 * 1024 * 1024 // 256))

digests = queue.Queue()

def parting(s):
    s.sendall(bytes(range(256)) * (4 * 1024 * 1024 // 256))
    s.shutdown(socket.SHUT_WR)
    h = hashlib.sha256()
    while data := s.recv(65536): h.update(data)
    digests.put(h.hexdigest())

def report(s):
    s.sendall(digests.get(timeout=20).encode())

def serve(kind, address, work):
    class Server(socketserver.ThreadingMixIn, kind):
        daemon_threads = True
        request_queue_size = 64
    class Handler(socketserver.BaseRequestHandler):
        def handle(self): work(self.request)
    server = Server(address, Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address

found = {}
for work in (echo, digest, burst, parting, report):
    port = serve(socketserver.TCPServer, ("127.0.0.1", 0), work)[1]
    path = serve(socketserver.UnixStreamServer, "/tmp/%s-%d.sock" % (work.__name__, os.getpid()), work)
    found[work.__name__] = {"port": port, "path": path}
print(json.dumps(found), flush=True)
sys.stdin.read()
`;

export type ServerName = 'echo' | 'digest' | 'burst' | 'parting' | 'report';

export type ServerAddresses = Readonly<Record<ServerName, { readonly port: number; readonly path: string }>>;

/** Starts servers in the sandbox to forward connections to. They end with the host's other children. */
export async function startServers(host: SshHost): Promise<ServerAddresses> {
  const ssh = host.spawn('ssh', [host.alias, `exec python3 -Sc '${SCRIPT}'`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(ssh.stdout!), 'line')) as [string];
  return JSON.parse(line) as ServerAddresses;
}

/** The servers of {@link startServers}, for all tests of the suite it is called in. */
export function useServers(sandbox: { readonly current: SshHost }): ServerAddresses {
  const addresses = {} as Record<ServerName, { port: number; path: string }>;
  before(async () => {
    Object.assign(addresses, await startServers(sandbox.current));
  });
  return addresses;
}

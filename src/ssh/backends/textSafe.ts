import { pipeline, Transform, type TransformCallback } from 'node:stream';
import type { ExecRequest, RemoteProcess, Transport, TransportCapabilities } from '../../cloud/provider';
import { BridgeError } from '../backend';
import type { SandboxFacts } from './probe';

// Some clouds decode the output of an exec as UTF-8 and so destroy what is not text. There, a program that is found
// in the sandbox runs the command and writes what it prints as lines of base64, on the same two streams.

const PERL = `
use MIME::Base64;
pipe(my $out, my $out_end); pipe(my $err, my $err_end);
my $pid = fork;
if (!$pid) {
  open STDOUT, ">&", $out_end; open STDERR, ">&", $err_end;
  close $_ for $out, $out_end, $err, $err_end;
  exec { $ARGV[0] } @ARGV;
  print STDERR "$ARGV[0]: $!\\n"; exit 127;
}
close $out_end; close $err_end;
for my $name (qw(HUP INT QUIT TERM USR1 USR2)) { $SIG{$name} = sub { kill $name, $pid } }
my %open = (fileno($out) => [$out, *STDOUT], fileno($err) => [$err, *STDERR]);
$| = 1;
while (%open) {
  my $ready = "";
  vec($ready, $_, 1) = 1 for keys %open;
  next if select($ready, undef, undef, undef) < 0;
  for my $fd (keys %open) {
    next unless vec($ready, $fd, 1);
    my ($from, $to) = @{$open{$fd}};
    my $n = sysread $from, my $data, 49152;
    next if !defined $n && $!{EINTR};
    if (!$n) { delete $open{$fd}; next }
    my $line = encode_base64($data, "") . "\\n";
    for (my $done = 0; $done < length $line;) {
      my $wrote = syswrite $to, $line, length($line) - $done, $done;
      exit 1 unless defined $wrote || $!{EINTR};
      $done += $wrote || 0;
    }
  }
}
1 while waitpid($pid, 0) < 0 && $!{EINTR};
if (my $signal = $? & 127) { $SIG{$_} = "DEFAULT" for qw(HUP INT QUIT TERM USR1 USR2); kill $signal, $$; sleep 1 }
exit $? >> 8;
`;

const PYTHON = `
import base64, os, selectors, signal, subprocess, sys
try:
    p = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
except OSError as e:
    os.write(2, base64.b64encode(("%s: %s\\n" % (sys.argv[1], e.strerror)).encode()) + b"\\n")
    sys.exit(127)
names = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2"]
for name in names: signal.signal(getattr(signal, name), lambda n, frame: p.send_signal(n))
s = selectors.DefaultSelector()
s.register(p.stdout, selectors.EVENT_READ, 1)
s.register(p.stderr, selectors.EVENT_READ, 2)
while s.get_map():
    for key, _ in s.select():
        data = os.read(key.fd, 49152)
        if not data:
            s.unregister(key.fileobj)
            continue
        line = base64.b64encode(data) + b"\\n"
        while line: line = line[os.write(key.data, line):]
code = p.wait()
if code < 0:
    signal.signal(-code, signal.SIG_DFL) if -code not in (9, 19) else None
    os.kill(os.getpid(), -code)
sys.exit(code)
`;

const NODE = `
const [file, ...args] = process.argv.slice(1);
const child = require('child_process').spawn(file, args, { stdio: ['inherit', 'pipe', 'pipe'] });
const names = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2'];
for (const name of names) process.on(name, () => child.kill(name));
const encode = (from, to) => from.on('data', (data) => {
  if (to.write(data.toString('base64') + '\\n')) return;
  from.pause();
  to.once('drain', () => from.resume());
});
encode(child.stdout, process.stdout);
encode(child.stderr, process.stderr);
child.on('error', (e) => { process.stderr.write(Buffer.from(file + ': ' + e.message + '\\n').toString('base64') + '\\n'); process.exitCode = 127; });
child.on('close', (code, signal) => {
  if (signal) { process.removeAllListeners(signal); process.kill(process.pid, signal); }
  else process.exitCode ??= code;
});
`;

const ENCODERS: readonly { readonly tool: string; readonly argv: ExecRequest['argv'] }[] = [
  { tool: 'perl', argv: ['perl', '-MErrno', '-e', PERL] },
  { tool: 'python3', argv: ['python3', '-Sc', PYTHON] },
  { tool: 'node', argv: ['node', '-e', NODE, '--'] },
];

/** Several times what an encoder puts on one line. */
const MAX_LINE = 1024 * 1024;

/**
 * Wraps a transport whose output is not 8-bit clean so that it is. Terminals stay as they are: what they show is
 * text. Undefined if the sandbox has nothing to encode with.
 */
export function makeTextSafe(transport: Transport, tools: ReadonlySet<string>): Transport | undefined {
  const encoder = ENCODERS.find(({ tool }) => tools.has(tool));
  return encoder && new TextSafeTransport(transport, encoder.argv);
}

/**
 * The transport itself if what is not text comes through it, else made so by {@link makeTextSafe}; undefined if there
 * is no way.
 */
export async function makeBinary(
  transport: Transport,
  { binaryOutput, tools }: Pick<SandboxFacts, 'binaryOutput' | 'tools'>,
  signal: AbortSignal,
): Promise<Transport | undefined> {
  if (binaryOutput) return transport;
  // A shell without printf cannot show it; then the cloud's word counts.
  if ((await transport.capabilities(signal)).binaryOutput === 'yes') return transport;
  return makeTextSafe(transport, tools);
}

class TextSafeTransport implements Transport {
  constructor(
    private readonly inner: Transport,
    private readonly encoder: ExecRequest['argv'],
  ) {}

  capabilities(): Promise<TransportCapabilities> {
    return Promise.resolve({ binaryOutput: 'yes' });
  }

  roundTripMs(): number | undefined {
    return this.inner.roundTripMs();
  }

  async exec(request: ExecRequest, signal?: AbortSignal): Promise<RemoteProcess> {
    if (request.terminal) return this.inner.exec(request, signal);
    return decoded(await this.inner.exec({ ...request, argv: [...this.encoder, ...request.argv] }, signal));
  }
}

function decoded(process: RemoteProcess): RemoteProcess {
  const stdout = new LineDecoder();
  const stderr = new LineDecoder();
  const ended = Promise.all([join(process.stdout, stdout), join(process.stderr, stderr)]);
  const exited = process.exited.then(async (status) => {
    await ended;
    return status;
  });
  // Whoever looks at `exited` gets the reason; nobody must.
  exited.catch(() => undefined);
  return {
    stdin: process.stdin,
    stdout,
    stderr,
    exited,
    resize: (size) => process.resize(size),
    signal: (name) => process.signal(name),
    kill: () => process.kill(),
  };
}

/** Resolves when all has been decoded, or when the reader has gone. */
function join(from: RemoteProcess['stdout'], to: LineDecoder): Promise<void> {
  return new Promise((resolve) => {
    pipeline(from, to, () => resolve());
  });
}

/** Turns lines of base64 into the bytes that they stand for. */
class LineDecoder extends Transform {
  #rest = '';

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    const lines = (this.#rest + chunk.toString('latin1')).split('\n');
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > MAX_LINE) {
      callback(new BridgeError('lost', 'The encoder in the sandbox sends endless lines'));
      return;
    }
    callback(null, Buffer.concat(lines.map((line) => Buffer.from(line, 'base64'))));
  }

  override _flush(callback: TransformCallback): void {
    callback(null, Buffer.from(this.#rest, 'base64'));
  }
}

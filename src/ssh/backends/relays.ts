import type { DialTarget } from '../backend';

/**
 * A relay joins its stdin and stdout with a TCP or Unix socket inside the sandbox. It is a program that is already
 * there, run by one exec for each connection.
 */
export interface Relay {
  readonly argv: readonly [string, ...string[]];
  /**
   * Whether it writes {@link CONNECTED} to stdout once the socket is connected. Of one that does not, we only know
   * that it failed when it ends.
   */
  readonly announces: boolean;
  /** Runs it ahead, without a target: it then waits for a line on stdin that names one, {@link targetLine}. */
  readonly waitingArgv?: readonly [string, ...string[]];
}

/** unix(7): sockaddr_un.sun_path without its NUL. */
const MAX_SOCKET_PATH_BYTES = 107;

/** The byte that announces the connection (ASCII ACK). */
export const CONNECTED = 0x06;

/**
 * What a relay writes to stderr when the server has sent its last byte and still reads: how many
 * bytes it has written to stdout since {@link CONNECTED}. The end of a process is the only end of its output that
 * every cloud tells, and this relay has not ended.
 */
export const END_OF_OUTPUT = /^end-of-output (\d+)\n/m;

interface RankedTool {
  /** As the probe names it. */
  readonly tool: string;
  readonly relay: (target: DialTarget) => Relay | undefined;
}

/** Tells a relay that waits what to connect to: in hex, because a path may have any character. */
export function targetLine(target: DialTarget): string {
  return `${Buffer.from(targetWords(target).join('\0')).toString('hex')}\n`;
}

function targetWords(target: DialTarget): readonly string[] {
  return target.kind === 'unix' ? ['unix', target.path, ''] : ['tcp', target.host, String(target.port)];
}

// The scripts take the target as arguments: nothing of it is ever part of program text. Those that can tell the end
// of their output live until both directions have ended, as TCP does; the others end with the server.

/** A function of perl: copies to the end, and gives how many bytes there were; undefined if it broke off. */
export const PERL_COPY = `sub copy {
  my ($from, $to) = @_;
  my ($total, $got) = (0);
  while ($got = sysread $from, my $data, 65536) {
    for (my $done = 0; $done < length $data;) {
      my $n = syswrite $to, $data, length($data) - $done, $done;
      return unless defined $n;
      $done += $n;
    }
    $total += $got;
  }
  return defined $got ? $total : undef;
}
`;

const PERL = `
use Socket qw(:all);
if (!@ARGV) {
  my $line = "";
  while (sysread STDIN, my $next, 1) { last if $next eq "\\n"; $line .= $next }
  exit 0 if $line eq "";
  @ARGV = split /\\0/, pack("H*", $line), -1;
}
my ($kind, $host, $port) = @ARGV;
my ($socket, $why);
if ($kind eq "unix") {
  socket($socket, PF_UNIX, SOCK_STREAM, 0) and connect($socket, pack_sockaddr_un($host)) or $why = "$!";
} else {
  my ($error, @found) = getaddrinfo($host, $port, {socktype => SOCK_STREAM});
  $why = "$error" || "no address";
  for (@found) {
    socket($socket, $_->{family}, SOCK_STREAM, 0) or next;
    if (connect($socket, $_->{addr})) { $why = ""; setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1); last }
    $why = "$!";
  }
}
if ($why) { print STDERR "$why\\n"; exit 111 }
$SIG{PIPE} = "IGNORE";
${PERL_COPY}syswrite STDOUT, "\\x06";
my $child = fork;
if (!$child) { copy(*STDIN, $socket); shutdown $socket, 1; exit 0 }
my $sent = copy($socket, *STDOUT);
if (defined $sent) { syswrite STDERR, "end-of-output $sent\\n"; waitpid $child, 0 }
kill 9, $child;
`;

const PYTHON = `
import os, socket, sys, threading
words = sys.argv[1:]
if not words:
    line = b""
    while not line.endswith(b"\\n"):
        more = os.read(0, 1)
        if not more: os._exit(0)
        line += more
    words = bytes.fromhex(line.decode().strip()).decode("utf-8", "surrogateescape").split("\\0")
kind, host, port = words
try:
    if kind == "unix":
        s = socket.socket(socket.AF_UNIX)
        s.connect(host)
    else:
        s = socket.create_connection((host, int(port)))
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
except Exception as e:
    sys.stderr.write("%s\\n" % e)
    sys.exit(111)
def up():
    try:
        while True:
            data = os.read(0, 65536)
            if not data: break
            s.sendall(data)
        s.shutdown(socket.SHUT_WR)
    except OSError: pass
os.write(1, b"\\x06")
uploading = threading.Thread(target=up)
uploading.daemon = True
uploading.start()
sent = 0
try:
    while True:
        data = s.recv(65536)
        if not data: break
        sent += len(data)
        while data: data = data[os.write(1, data):]
    os.write(2, ("end-of-output %d\\n" % sent).encode())
    uploading.join()
except OSError: pass
os._exit(0)
`;

const RUBY = `
kind, host, port = ARGV
begin
  s = kind == "unix" ? UNIXSocket.new(host) : TCPSocket.new(host, port.to_i)
rescue => e
  STDERR.puts e.message
  exit! 111
end
STDOUT.syswrite("\\x06")
uploading = Thread.new { begin; IO.copy_stream(STDIN, s); s.close_write; rescue; end }
begin
  sent = IO.copy_stream(s, STDOUT)
  STDERR.syswrite("end-of-output #{sent}\\n")
  uploading.join
rescue
end
exit!(0)
`;

const NODE = `
const [kind, host, port] = process.argv.slice(1);
const s = require('net').connect(kind === 'unix' ? { path: host, allowHalfOpen: true } : { host, port: +port, allowHalfOpen: true, noDelay: true });
s.on('error', (e) => { console.error(e.message); process.exit(111); });
s.on('connect', () => { process.stdout.write(Buffer.of(6)); process.stdin.pipe(s); s.pipe(process.stdout, { end: false }); });
s.on('end', () => process.stdout.write('', () => process.stderr.write('end-of-output ' + s.bytesRead + '\\n')));
s.on('close', () => process.stdout.write('', () => process.exit(0)));
`;

const PHP = `
[, $kind, $host, $port] = $argv;
if (strpos($host, ":") !== false && $kind === "tcp") $host = "[$host]";
$s = @stream_socket_client($kind === "unix" ? "unix://$host" : "tcp://$host:$port", $code, $why, 30);
if (!$s) { fwrite(STDERR, "$why\\n"); exit(111); }
fwrite(STDOUT, "\\x06");
stream_set_blocking($s, false);
$reading = ["up" => STDIN, "down" => $s];
$sent = 0;
while ($reading) {
  $ready = $reading; $none = null;
  stream_select($ready, $none, $none, null);
  foreach ($ready as $from) {
    $data = fread($from, 65536);
    if ($data === "" || $data === false) {
      if (!feof($from)) continue;
      if ($from === $s) { fwrite(STDERR, "end-of-output $sent\\n"); unset($reading["down"]); continue; }
      stream_socket_shutdown($s, STREAM_SHUT_WR);
      unset($reading["up"]);
      continue;
    }
    if ($from === $s) { fwrite(STDOUT, $data); $sent += strlen($data); continue; }
    for ($done = 0; $done < strlen($data);) {
      $n = @fwrite($s, substr($data, $done));
      if ($n === false) exit(0);
      $done += $n;
      if ($n === 0) { $w = [$s]; $r = null; $e = null; stream_select($r, $w, $e, 1); }
    }
  }
}
`;

/** bash gives background jobs /dev/null for stdin, hence the copy of descriptor 0. No half-close: no shell can. */
const BASH = `
exec 3<>"/dev/tcp/$1/$2" 4<&0 || exit 111
printf '\\006'
cat <&4 >&3 4<&- & job=$!
cat <&3 3>&- 4<&-
kill $job 2>/dev/null
exit 0
`;

const ZSH = `
zmodload zsh/net/tcp && ztcp "$1" "$2" || exit 111
s=$REPLY
exec 4<&0
printf '\\006'
cat <&4 >&$s & job=$!
cat <&$s
kill $job 2>/dev/null
exit 0
`;

/** A script that serves both kinds of target and announces itself. */
function script(tool: string, ...command: [string, ...string[]]): RankedTool {
  return {
    tool,
    relay: (target) => ({ argv: [...command, ...targetWords(target)], announces: true }),
  };
}

/** Such a script that can also wait for its target. */
function waitingScript(tool: string, ...command: [string, ...string[]]): RankedTool {
  return {
    tool,
    relay: (target) => ({
      argv: [...command, ...targetWords(target)],
      announces: true,
      waitingArgv: command,
    }),
  };
}

/** A script that knows TCP alone. */
function tcpScript(tool: string, ...command: [string, ...string[]]): RankedTool {
  return {
    tool,
    relay: (target) =>
      target.kind === 'tcp'
        ? { argv: [...command, target.host, String(target.port)], announces: true }
        : undefined,
  };
}

/** A program that relays by itself, without telling when it is connected. */
function program(
  tool: string,
  tcp: string[],
  tcpArguments: (host: string, port: string) => string[],
  unix?: (path: string) => string[] | undefined,
): RankedTool {
  const [command = tool, ...options] = tcp;
  return {
    tool,
    relay: (target) => {
      if (target.kind === 'tcp') {
        return {
          argv: [command, ...options, ...tcpArguments(target.host, String(target.port))],
          announces: false,
        };
      }
      const unixArguments = unix?.(target.path);
      return unixArguments && { argv: [command, ...unixArguments], announces: false };
    },
  };
}

const hostAndPort = (host: string, port: string): string[] => [host, port];

/**
 * Best first. Measured order: what half-closes, ends with the server and says when it is connected comes first;
 * then what ends with the server; last what does not (a client that waits for the server's close hangs with it).
 */
const RANKING: readonly RankedTool[] = [
  waitingScript('perl', 'perl', '-e', PERL),
  waitingScript('python3', 'python3', '-Ssc', PYTHON),
  script('ruby', 'ruby', '--disable=gems', '-rsocket', '-e', RUBY),
  program('nc:traditional', ['nc', '-q', '99999'], hostAndPort),
  script('node', 'node', '-e', NODE),
  script('php', 'php', '-r', PHP, '--'),
  // By the shell that found it: BusyBox's may have nc built in and no file of that name.
  program('nc:busybox', ['sh', '-c', 'exec nc "$@"', 'sh'], hostAndPort),
  program('nc:busybox-applet', ['busybox', 'nc'], hostAndPort),
  program(
    'socat',
    ['socat', '-t86400', '-b65536', '-'],
    (host, port) => [`TCP:${socatHost(host)}:${port}`],
    socatUnix,
  ),
  program('nc:openbsd', ['nc', '-N'], hostAndPort, (path) => ['-N', '-U', path]),
  program('nc:ncat', ['nc'], hostAndPort, (path) => ['-U', path]),
  tcpScript('bash', 'bash', '-c', BASH, 'bash'),
  tcpScript('zsh', 'zsh', '-fc', ZSH, 'zsh'),
];

/** The best relay for a target that {@link isDialable}, with these tools; undefined if none can do it. */
export function chooseRelay(tools: ReadonlySet<string>, target: DialTarget): Relay | undefined {
  for (const { tool, relay } of RANKING) {
    if (!tools.has(tool)) continue;
    const found = relay(target);
    if (found) return found;
  }
  return undefined;
}

/** Whether a target can be an address: nothing that a relay would take for an option or for text of a script, or cut. */
export function isDialable(target: DialTarget): boolean {
  if (target.kind === 'unix') return isSocketPath(target.path);
  return /^[0-9A-Za-z_:][0-9A-Za-z_.:%-]*$/.test(target.host) && target.port > 0 && target.port < 65536;
}

/** Programs cut a longer path without a word, and so would reach another socket. */
function isSocketPath(path: string): boolean {
  return path.startsWith('/') && !path.includes('\0') && Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

/** Not for a path that has meaning in socat's own address syntax. */
function socatUnix(path: string): string[] | undefined {
  return /[,!:"'\\]/.test(path) ? undefined : ['-t86400', '-b65536', '-', `UNIX-CONNECT:${path}`];
}

function socatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

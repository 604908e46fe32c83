import type { Readable } from 'node:stream';
import { abortable } from '../../base/async';
import { ByteReader } from '../../base/byteReader';
import { createDeadline } from '../../base/deadline';
import { CloudError } from '../../cloud/errors';
import type { ExecRequest, RemoteProcess } from '../../cloud/provider';
import { SFTP_SERVERS } from '../../sftp/serverPrograms';
import { BridgeError } from '../backend';

/** What one look into the sandbox found out. */
export interface SandboxFacts {
  /** Login shell: absolute path or a name on PATH. */
  readonly shell: string;
  readonly home: string;
  /** Login name, where the sandbox has one for its user id. */
  readonly user?: string;
  /** Path of an SFTP server program. */
  readonly sftpServer?: string;
  /** Programs of {@link TOOLS} that are on PATH, and the kind of `nc` as `nc:<kind>`. */
  readonly tools: ReadonlySet<string>;
  /** Whether bytes above 0x7f and invalid UTF-8 came through stdout unharmed. */
  readonly binaryOutput: boolean;
}

/**
 * Programs that can relay a connection (see relays.ts for their ranking), and those that files cannot be served
 * without where there is no SFTP server.
 */
const TOOLS = ['perl', 'python3', 'ruby', 'node', 'php', 'socat', 'bash', 'zsh', 'cat', 'ls', 'dd'] as const;

/** Bytes that any decoding as text would change: invalid in UTF-8, and a NUL. */
const BINARY_SAMPLE = Buffer.from([0xff, 0xfe, 0x00, 0x80]);
const MARKER = 'cloud-sandboxes-probe\n';
const END = '\ncloud-sandboxes-end\n';
const MAX_OUTPUT = 64 * 1024;
/** Of what is said on stderr. */
const MAX_COMPLAINTS = 4096;
/** A shell script of a few milliseconds, on a sandbox that may be waking up. */
const PROBE_TIMEOUT_MS = 15_000;

/**
 * Needs nothing but a POSIX shell: in a bare image even `head` or `grep` is missing. Prints `key=value` lines, then
 * the binary sample. No command substitution per tool, and none for `nc` where a better relay is there: a fork is the
 * dearest thing here. No `ash`: to a busybox shell that is built in, and need not be a file; `sh` is, since it runs this.
 * Leaves `$home` and `$uid`.
 */
export const PROBE_SCRIPT = `
printf 'cloud-sandboxes-probe\\n' 2>/dev/null || echo cloud-sandboxes-probe
usable() { case $1 in ''|*/nologin|*/false) return 1;; esac; command -v "$1" >/dev/null 2>&1; }
home=\${HOME-} shell=\${SHELL-}
uid=$(id -u 2>/dev/null)
if [ -r /etc/passwd ]; then
  while IFS=: read -r n _ u _ _ d s; do
    if [ "$u" = "$uid" ]; then
      echo "user=$n"
      [ -d "$home" ] || home=$d
      usable "$shell" || shell=$s
      break
    fi
  done </etc/passwd
fi
[ -d "$home" ] || home=/
for s in "$shell" bash sh; do if usable "$s"; then shell=$s; break; fi; done
echo "home=$home"
echo "shell=$shell"
for f in ${SFTP_SERVERS.join(' ')}; do if [ -x "$f" ]; then echo "sftp=$f"; break; fi; done
for t in ${TOOLS.join(' ')}; do
  if command -v $t >/dev/null 2>&1; then echo "tool=$t"; case $t in perl|python3) relay=$t;; esac; fi
done
if [ -n "\${relay-}" ]; then :
elif command -v nc >/dev/null 2>&1; then
  case $(nc -h 2>&1 </dev/null) in
    *Ncat*) echo tool=nc:ncat;;
    *OpenBSD*) echo tool=nc:openbsd;;
    *BusyBox*) echo tool=nc:busybox;;
    *'[v1.'*) echo tool=nc:traditional;;
  esac
elif command -v busybox >/dev/null 2>&1; then
  case $(busybox nc --help 2>&1 </dev/null) in *Usage*) echo tool=nc:busybox-applet;; esac
fi
printf '\\377\\376\\000\\200' 2>/dev/null
printf '\\ncloud-sandboxes-end\\n' 2>/dev/null || { echo; echo cloud-sandboxes-end; }
`;

/** A look into the sandbox whose script goes on. Its owner kills the process. */
export interface Probe {
  readonly facts: SandboxFacts;
  /** On stdout follows what the rest of the script prints. */
  readonly process: RemoteProcess;
}

/** Looks into the sandbox with one exec. Rejects as {@link startProbe}. */
export async function probeSandbox(
  exec: (request: ExecRequest, signal: AbortSignal) => Promise<RemoteProcess>,
  signal: AbortSignal,
): Promise<SandboxFacts> {
  const { facts, process } = await startProbe(exec, ['sh', '-c', PROBE_SCRIPT], signal);
  process.kill();
  return facts;
}

/**
 * Runs a command that begins with {@link PROBE_SCRIPT}. Rejects as the transport does, as `unavailable` without a
 * shell, and as `unreachable` if there is no answer in time; the process is ended then.
 */
export async function startProbe(
  exec: (request: ExecRequest, signal: AbortSignal) => Promise<RemoteProcess>,
  argv: ExecRequest['argv'],
  signal: AbortSignal,
): Promise<Probe> {
  const process = await exec({ argv }, signal);
  const deadline = createDeadline(
    PROBE_TIMEOUT_MS,
    () => new CloudError('unreachable', `The sandbox did not answer in ${PROBE_TIMEOUT_MS / 1000} s`),
    signal,
  );
  const complaints = collectText(process.stderr);
  const reader = new ByteReader(process.stdout);
  try {
    const output = await abortable(reader.readUntil(END, MAX_OUTPUT), deadline.signal);
    // A cloud that was lost meanwhile says so in the process's end.
    if (!output) await abortable(process.exited, deadline.signal);
    return { facts: parseProbe(output ?? Buffer.alloc(0), complaints()), process };
  } catch (error) {
    process.kill();
    throw error;
  } finally {
    reader.release();
    deadline.dispose();
  }
}

/** The beginning of a text stream, so far; takes in the rest. */
function collectText(stream: Readable): () => string {
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    if (text.length < MAX_COMPLAINTS) text += chunk.toString();
  });
  return () => text;
}

/** Exported for tests. `complaints` is what the shell said on stderr, for the message when there is no answer. */
export function parseProbe(output: Buffer, complaints: string): SandboxFacts {
  const begin = output.indexOf(MARKER);
  if (begin < 0) {
    const reason = complaints.trim().split('\n')[0] ?? '';
    throw new BridgeError('unavailable', `The sandbox has no working shell (sh)${reason && `: ${reason}`}`);
  }
  const values = new Map<string, string>();
  const tools = new Set<string>();
  for (const line of output.subarray(begin).toString('latin1').split('\n')) {
    const [, key, value] = /^(home|shell|user|sftp|tool)=(.+)$/.exec(line) ?? [];
    if (key === 'tool' && value) tools.add(value);
    else if (key && value) values.set(key, Buffer.from(value, 'latin1').toString('utf8'));
  }
  const user = values.get('user');
  const sftpServer = values.get('sftp');
  return {
    shell: values.get('shell') ?? 'sh',
    home: values.get('home') ?? '/',
    ...(user !== undefined && { user }),
    ...(sftpServer !== undefined && { sftpServer }),
    tools,
    binaryOutput: output.subarray(-BINARY_SAMPLE.length).equals(BINARY_SAMPLE),
  };
}

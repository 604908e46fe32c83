import { PROBE_SCRIPT } from '../probe';
import { ATTACH_FUNCTION } from './attachScript';

/** What to do with an agent that runs: become a carrier to it, tell of it, or look as if there were none. */
export type LookMode = 'attach' | 'look' | 'fresh';

/** Ends what the scripts here, and the installer, say of one step. */
export const END_OF_REPORT = '\ncloud-sandboxes-end\n';

/**
 * Programs called node in editors' servers and version managers, where none is on PATH. `$home` is the user's home;
 * patterns that match nothing stand for themselves and are passed over.
 */
const NODES = [
  '"$home"/.vscode-server/bin/*/node',
  '"$home"/.vscode-server/cli/servers/*/server/node',
  '"$home"/.vscode-server-insiders/cli/servers/*/server/node',
  '"$home"/.cursor-server/bin/*/node',
  '"$home"/.cursor-server/cli/servers/*/server/node',
  '"$home"/.windsurf-server/bin/*/node',
  '"$home"/.vscodium-server/bin/*/node',
  '"$home"/.vscode-oss/bin/*/node',
  '"$home"/.openvscode-server/node',
  '/openhands/.openvscode-server/node',
  '/opt/acp-node/bin/node',
  '/usr/lib/code-server/lib/node',
  '/usr/local/lib/code-server/lib/node',
  '/usr/local/bin/node',
  '"$home"/.nvm/versions/node/*/bin/node',
  '"$home"/.local/share/fnm/node-versions/*/installation/bin/node',
];

/**
 * Goes on where {@link PROBE_SCRIPT} ends. Arguments: the agent's version, the id of our secret, {@link LookMode}.
 *
 * An agent of that version with our secret that runs: says so, and to `attach` becomes its carrier. Else says why not,
 * which Node there is (18 or later, and it really runs here), and where the agent may be put. A folder that is not ours
 * does not count, since what lies in it is run; in /tmp anyone can make one of that name. Nor does an agent that was
 * killed: its process id may be another program's by now, or a zombie's, whose command line is empty (proc(5)).
 */
const LOOK = `
version=$1 key=$2 mode=$3
set -- "$home/.cache/cloud-sandboxes" "/tmp/cloud-sandboxes-$uid" "/var/tmp/cloud-sandboxes-$uid" \\
  "/dev/shm/cloud-sandboxes-$uid" /workspace/.cache/cloud-sandboxes
[ -z "\${XDG_RUNTIME_DIR-}" ] || set -- "$XDG_RUNTIME_DIR/cloud-sandboxes" "$@"
why=not-running
for place; do
  [ "$mode" != fresh ] || break
  dir=$place/agent-$version
  [ -O "$place" ] && [ ! -L "$place" ] && [ -O "$dir" ] && [ ! -L "$dir" ] && [ -S "$dir/agent.sock" ] || continue
  state=
  { read -r state <"$dir/agent.json"; } 2>/dev/null
  case $state in *'"pid":'*) pid=\${state#*'"pid":'} pid=\${pid%%[!0-9]*};; *) continue;; esac
  kill -0 "$pid" 2>/dev/null || continue
  if [ -r "/proc/$pid/cmdline" ]; then
    line=
    { read -r line <"/proc/$pid/cmdline"; } 2>/dev/null
    case $line in *"/agent-$version/agent.js"*) ;; *) continue;; esac
  fi
  if [ ! -r "$dir/secrets/$key" ] || [ ! -x "$dir/node" ]; then why=no-secret; continue; fi
  printf 'agent=running\\ndir=%s\\nstate=%s\\n\\ncloud-sandboxes-end\\n' "$dir" "$state"
  [ "$mode" != attach ] || attach "$dir"
  exit 0
done
echo "agent=$why"
for node in "$(command -v node 2>/dev/null)" ${NODES.join(' ')}; do
  [ -x "$node" ] || continue
  found=$("$node" -p process.versions.node </dev/null 2>/dev/null) || { echo "broken=$node"; continue; }
  case $found in
    [0-9].*.*|1[0-7].*.*) echo "old=$node ($found)";;
    [1-9][0-9]*.*.*) echo "node=$node"; break;;
    *) echo "broken=$node";;
  esac
done
for place; do echo "place=$place"; done
printf '\\ncloud-sandboxes-end\\n'
`;

export const LOOK_SCRIPT = `${PROBE_SCRIPT}${ATTACH_FUNCTION}${LOOK}`;

/** What {@link LOOK_SCRIPT} found. All text is the sandbox's own. */
export type Sighting =
  | { readonly kind: 'running'; readonly dir: string; readonly ports: readonly number[] }
  | {
      readonly kind: 'absent';
      readonly why: string;
      /** A Node that runs and is recent enough. */
      readonly node: string | undefined;
      /** Others, and what is wrong with them. */
      readonly unfit: readonly string[];
      /** Folders in which the agent may have one, the best first. */
      readonly places: readonly string[];
    };

export type Absence = Extract<Sighting, { kind: 'absent' }>;

/** Reads what came before {@link END_OF_REPORT}. */
export function parseSighting(report: string): Sighting {
  const found = parseReport(report);
  const dir = found.first('dir');
  if (found.first('agent') === 'running' && dir !== undefined) {
    return { kind: 'running', dir, ports: portsOf(found.first('state')) };
  }
  const unfit = [
    ...found.all('old').map((node) => `${node} is too old`),
    ...found.all('broken').map((node) => `${node} fails`),
  ];
  return {
    kind: 'absent',
    why: found.first('agent') ?? 'no-answer',
    node: found.first('node'),
    unfit,
    places: found.all('place'),
  };
}

/** Lines of `key=value`. */
export interface Report {
  first(key: string): string | undefined;
  all(key: string): readonly string[];
}

export function parseReport(report: string): Report {
  const lines = report.split('\n').map((line) => /^([a-z]+)=(.+)$/.exec(line));
  const all = (wanted: string): string[] =>
    lines.flatMap((match) => (match?.[1] === wanted && match[2] !== undefined ? [match[2]] : []));
  return { all, first: (key) => all(key)[0] };
}

/** The ports on which an agent listens, by its agent.json. */
export function portsOf(state: string | undefined): readonly number[] {
  try {
    const { ports } = JSON.parse(state ?? '') as { ports?: unknown };
    return Array.isArray(ports) ? ports.filter((port): port is number => Number.isInteger(port)) : [];
  } catch {
    return [];
  }
}

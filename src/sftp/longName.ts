import type { Accounts } from './accounts';
import type { Attributes, ByteString } from './remoteFiles';

const TYPES: Readonly<Record<number, string>> = {
  0o010000: 'p',
  0o020000: 'c',
  0o040000: 'd',
  0o060000: 'b',
  0o100000: '-',
  0o120000: 'l',
  0o140000: 's',
};
const TYPE_MASK = 0o170000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
/** As POSIX has it for `ls -l`: older than six months, the year takes the place of the time. */
const RECENT_S = (365 * 24 * 3600) / 2;

/** A line as of `ls -l`: what clients show for a directory (draft-ietf-secsh-filexfer-02 section 7). */
export function longName(
  name: ByteString,
  { mode, owner = { uid: 0, gid: 0 }, size, times }: Attributes,
  { users, groups }: Pick<Accounts, 'users' | 'groups'>,
  now: number,
): ByteString {
  const columns = [
    mode === undefined ? '?---------' : modeText(mode),
    '1'.padStart(4),
    (users.get(owner.uid) ?? String(owner.uid)).padEnd(8),
    (groups.get(owner.gid) ?? String(owner.gid)).padEnd(8),
    String(size ?? 0).padStart(8),
    times ? timeText(times.modified, now) : ''.padEnd(12),
    name,
  ];
  return columns.join(' ');
}

function modeText(mode: number): string {
  const triple = (bits: number, special: boolean, mark: string): string => {
    const executable = (bits & 1) !== 0;
    const last = special ? (executable ? mark : mark.toUpperCase()) : executable ? 'x' : '-';
    return `${bits & 4 ? 'r' : '-'}${bits & 2 ? 'w' : '-'}${last}`;
  };
  return [
    TYPES[mode & TYPE_MASK] ?? '?',
    triple(mode >> 6, (mode & 0o4000) !== 0, 's'),
    triple(mode >> 3, (mode & 0o2000) !== 0, 's'),
    triple(mode, (mode & 0o1000) !== 0, 't'),
  ].join('');
}

function timeText(seconds: number, now: number): string {
  const date = new Date(seconds * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2)}`;
  const isRecent = seconds <= now && now - seconds < RECENT_S;
  return isRecent
    ? `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
    : `${day} ${String(date.getFullYear()).padStart(5)}`;
}

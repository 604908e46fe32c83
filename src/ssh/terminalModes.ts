/** Terminal modes as a client asks for them, by the opcodes of RFC 4254 section 8. */
export type TerminalModes = Readonly<Record<number, number>>;

/** RFC 4254 section 8. */
const TTY_OP_END = 0;
/** Says "no character" in place of one. */
const NO_CHARACTER = 255;

interface ModeNames {
  /** Modes whose values are characters, by stty's name for them. */
  readonly characters: Readonly<Record<number, string>>;
  /** Modes that are on or off. */
  readonly flags: Readonly<Record<number, string>>;
}

const POSIX: ModeNames = {
  characters: {
    1: 'intr',
    2: 'quit',
    3: 'erase',
    4: 'kill',
    5: 'eof',
    6: 'eol',
    8: 'start',
    9: 'stop',
    10: 'susp',
  },
  flags: {
    ...{ 30: 'ignpar', 31: 'parmrk', 32: 'inpck', 33: 'istrip', 34: 'inlcr', 35: 'igncr', 36: 'icrnl' },
    ...{
      38: 'ixon',
      39: 'ixany',
      40: 'ixoff',
      50: 'isig',
      51: 'icanon',
      53: 'echo',
      54: 'echoe',
      55: 'echok',
    },
    ...{ 56: 'echonl', 57: 'noflsh', 58: 'tostop', 59: 'iexten', 70: 'opost' },
  },
};

/** Not on every system. Opcode 42 is of RFC 8160. */
const OTHERS: ModeNames = {
  characters: { 7: 'eol2', 12: 'rprnt', 13: 'werase', 14: 'lnext' },
  flags: {
    41: 'imaxbel',
    42: 'iutf8',
    60: 'echoctl',
    61: 'echoke',
    72: 'onlcr',
    73: 'ocrnl',
    74: 'onocr',
    75: 'onlret',
  },
};

/**
 * Arguments for as many runs of stty(1), which does nothing at all when it does not know one of them. Modes that have
 * no meaning for a pseudo-terminal, such as its speed, are left out.
 */
export function sttyArguments(modes: TerminalModes): string[][] {
  return [POSIX, OTHERS].map((names) => settings(modes, names)).filter((args) => args.length > 0);
}

/** As `pty-req` has them. */
export function encodeModes(modes: TerminalModes): Buffer {
  const encoded = Object.entries(modes).map(([opcode, value]) => {
    const mode = Buffer.alloc(5);
    mode.writeUInt8(Number(opcode));
    mode.writeUInt32BE(value, 1);
    return mode;
  });
  return Buffer.concat([...encoded, Buffer.of(TTY_OP_END)]);
}

function settings(modes: TerminalModes, { characters, flags }: ModeNames): string[] {
  return Object.entries(modes).flatMap(([opcode, value]) => {
    const character = characters[Number(opcode)];
    if (character !== undefined) return [character, characterText(value)];
    const flag = flags[Number(opcode)];
    return flag === undefined ? [] : [value === 0 ? `-${flag}` : flag];
  });
}

/** As POSIX has it for stty: "undef", "^c" for a control character, any other character as it is. */
function characterText(code: number): string {
  if (code === NO_CHARACTER || code === 0) return 'undef';
  const isControl = code < 0x20 || code === 0x7f;
  return isControl ? `^${String.fromCharCode(code ^ 0x40)}` : String.fromCharCode(code);
}

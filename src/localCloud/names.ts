import { randomBytes, randomInt } from 'node:crypto';

const ADJECTIVES =
  'amber bold brisk calm clear cosy crisp eager fair fond gentle glad keen kind lively lucid mellow merry mild neat noble quick quiet ready sunny swift tidy vivid warm wise'.split(
    ' ',
  );
const NOUNS =
  'acorn badger beacon birch brook cedar comet coral delta ember falcon fern finch glade harbor heron island juniper lagoon lynx maple meadow otter pebble pine raven river robin spruce willow'.split(
    ' ',
  );
const HOSTNAME_MAX = 63;

/** A friendly name that is not `taken`. */
export function suggestName(taken: (name: string) => boolean): string {
  for (let attempt = 0; attempt < 20; attempt++) {
    const name = `${pick(ADJECTIVES)}-${pick(NOUNS)}`;
    if (!taken(name)) return name;
  }
  return `${pick(ADJECTIVES)}-${pick(NOUNS)}-${randomBytes(3).toString('hex')}`;
}

/** The host name for a box: what is left of its name as an RFC 1123 label, else one made from its id. */
export function hostnameFor(name: string, id: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, HOSTNAME_MAX)
    .replace(/^-+|-+$/g, '');
  return label || `box-${id.slice(0, 12)}`;
}

function pick(words: readonly string[]): string {
  return words[randomInt(words.length)] ?? 'box';
}

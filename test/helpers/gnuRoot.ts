import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync } from 'node:fs';
import * as path from 'node:path';

/** Debian's shell and core utilities: what its smallest images have. */
const PROGRAMS = [
  '/bin/sh',
  ...[
    'cat',
    'chmod',
    'chown',
    'dd',
    'id',
    'ln',
    'ls',
    'mkdir',
    'mv',
    'readlink',
    'rm',
    'rmdir',
    'sleep',
    'sync',
  ],
  ...['stat', 'touch', 'uname', 'kill'],
].map((program) => (program.startsWith('/') ? program : `/bin/${program}`));

/** Makes a root folder with GNU's utilities and what they load, and nothing else: no SFTP server. */
export function makeGnuRoot(dir: string): string {
  const root = path.join(dir, 'root');
  for (const file of new Set(PROGRAMS.flatMap((program) => [program, ...librariesOf(program)]))) {
    const copy = path.join(root, file);
    mkdirSync(path.dirname(copy), { recursive: true });
    copyFileSync(file, copy);
  }
  return root;
}

function librariesOf(program: string): string[] {
  const listing = execFileSync('ldd', [program], { encoding: 'utf8' });
  return [...listing.matchAll(/(\/\S+) \(0x/g)].map(([, library]) => library!);
}

import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs';
import * as path from 'node:path';

/** The programs of a root as bare as they come. */
const APPLETS = ['cat', 'ls', 'mkdir', 'rm', 'cp', 'chmod', 'sleep', 'kill', 'uname', 'id'];
const BUSYBOX = '/bin/busybox';

/** Makes a root folder with a shell and {@link APPLETS} and nothing else: no /etc, no /tmp, no home. */
export function makeBusyboxRoot(dir: string): string {
  const root = path.join(dir, 'root');
  const bin = path.join(root, 'bin');
  mkdirSync(bin, { recursive: true });
  copyFileSync(BUSYBOX, path.join(bin, 'sh'));
  for (const applet of APPLETS) symlinkSync('sh', path.join(bin, applet));
  return root;
}

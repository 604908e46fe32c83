import { spawn } from 'node:child_process';
import * as path from 'node:path';
import { connectTo, freePort } from '../../helpers/forwards';
import { eventually } from '../../helpers/eventually';
import { isOnPath } from '../../helpers/require';
import { endChild } from '../../helpers/sshHost';
import { Unavailable } from '../bench';
import type { Lab } from '../lab';
import type { SshTarget } from '../target';

/** The sshd of the sandbox behind websockify, which carries its bytes in a WebSocket. */
export async function openWebSocketTunnel(lab: Lab): Promise<SshTarget> {
  if (!isOnPath('websockify')) throw new Unavailable('websockify is missing (Debian: websockify)');
  const { sshd, sshdPort } = await lab.contenders();
  const port = await freePort();
  const child = spawn('websockify', [`127.0.0.1:${port}`, `127.0.0.1:${sshdPort}`], { stdio: 'ignore' });
  lab.cleanUps.add(() => endChild(child));
  await eventually(async () => (await connectTo(port)).destroy());
  const client = path.resolve('test/bench/peers/webSocketStdio.mjs');
  return sshd.with('-o', `ProxyCommand=${process.execPath} ${client} ws://127.0.0.1:${port}`);
}

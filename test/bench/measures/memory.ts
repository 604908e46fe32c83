import { delay } from '../../../src/base/async';
import type { Figures } from '../bench';
import { residentMegabytes } from '../procfs';
import type { Session, SshTarget } from '../target';
import { downloadRate, uploadRate } from './throughput';

const CONNECTIONS = 5;
const QUIET_MS = 1000;

/** Of one among several idle connections: its own processes, and the growth of all that serves it. */
export async function idleMemory(target: SshTarget): Promise<Figures> {
  const { servers } = target;
  const before = residentMegabytes(servers.all([]), 'now');
  const sessions: Session[] = [];
  try {
    while (sessions.length < CONNECTIONS) sessions.push(await target.open());
    await delay(QUIET_MS);
    const clients = sessions.map(({ client }) => client);
    const after = residentMegabytes(servers.all(clients), 'now');
    return {
      'rss.idle': residentMegabytes(servers.ofConnections(clients), 'now') / CONNECTIONS,
      'rss.idle.whole': (after - before) / CONNECTIONS,
    };
  } finally {
    await Promise.all(sessions.map((session) => session.close()));
  }
}

/** The peak of a connection's own processes while it carries as much as it can, each way in turn. */
export async function loadMemory(target: SshTarget): Promise<Figures> {
  const session = await target.open();
  try {
    await downloadRate(session);
    await uploadRate(session);
    return { 'rss.load': residentMegabytes(target.servers.ofConnections([session.client]), 'peak') };
  } finally {
    await session.close();
  }
}

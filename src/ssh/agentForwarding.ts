import type { Duplex } from 'node:stream';
import type { Connection } from 'ssh2';
import type { ClientChannels } from './clientChannels';
import { openAgentChannel } from './ssh2Internals';

/**
 * Leads connections from the sandbox to the client's ssh-agent. To be used for sessions whose client asked for that
 * by `auth-agent-req@openssh.com` (draft-miller-ssh-agent section 4.2), and no others.
 */
export function createAgentForwarder(
  connection: Connection,
  channels: ClientChannels,
): (stream: Duplex) => void {
  return (stream) => channels.open(stream, 'the ssh-agent', (answer) => openAgentChannel(connection, answer));
}

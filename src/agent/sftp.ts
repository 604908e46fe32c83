import type { Channel } from '../agentProtocol/channels/channel';
import { describeErrorChain } from '../base/errors';
import { serveSftp } from '../sftp/server';
import { findServerProgram } from '../sftp/serverPrograms';
import { exitDescription } from './exitDescription';
import { hangUp } from './hangUp';
import type { Host } from './host';
import { LocalFiles } from './localFiles/localFiles';
import { relayOutput } from './relayOutput';
import { startProgram } from './startProgram';

/** Serves files by the sandbox's own SFTP server if it has one, else by ours. Resolves when the client is done. */
export async function serveFiles(channel: Channel, host: Host): Promise<void> {
  const program = await findServerProgram();
  if (program === undefined) await serveOurselves(channel, host);
  else await runServer(channel, program, host);
}

async function serveOurselves(channel: Channel, host: Host): Promise<void> {
  channel.confirm();
  try {
    await serveSftp({ files: new LocalFiles(host.home), input: channel, output: channel, log: host.log });
  } catch (error) {
    host.log.warn(`sftp ended: ${describeErrorChain(error)}`);
  }
  if (channel.isOpen) channel.endWith(exitDescription(0));
}

async function runServer(channel: Channel, program: string, host: Host): Promise<void> {
  const process = await startProgram({ argv: [program], env: {} }, host);
  process.stderr.resume();
  channel.confirm();
  // It may have been closed while the server was looked for.
  if (channel.destroyed) void hangUp(process);
  else channel.once('close', () => void hangUp(process));
  channel.pipe(process.stdin);
  await relayOutput(process.stdout, channel, process.exited);
  const status = await process.exited;
  if (channel.isOpen) channel.endWith(exitDescription(status));
}

import type { ServerHttp2Stream } from 'node:http2';
import { describeErrorChain } from '../base/errors';
import { serveSftp } from '../sftp/server';
import { findServerProgram } from '../sftp/serverPrograms';
import { answer, isOpen } from './answers';
import { hangUp } from './hangUp';
import type { Host } from './host';
import { LocalFiles } from './localFiles/localFiles';
import { relayOutput } from './relayOutput';
import { startProgram } from './startProgram';

/** Serves files by the sandbox's own SFTP server if it has one, else by ours. Resolves when the client is done. */
export async function serveFiles(request: ServerHttp2Stream, host: Host): Promise<void> {
  const program = await findServerProgram();
  if (program === undefined) await serveOurselves(request, host);
  else await runServer(request, program, host);
}

async function serveOurselves(request: ServerHttp2Stream, host: Host): Promise<void> {
  answer(request);
  try {
    await serveSftp({ files: new LocalFiles(host.home), input: request, output: request, log: host.log });
  } catch (error) {
    host.log.warn(`sftp ended: ${describeErrorChain(error)}`);
  }
  if (isOpen(request)) request.end();
}

async function runServer(request: ServerHttp2Stream, program: string, host: Host): Promise<void> {
  const process = await startProgram({ argv: [program], env: {} }, host);
  process.stderr.resume();
  answer(request);
  request.once('close', () => void hangUp(process));
  request.pipe(process.stdin);
  await relayOutput(process.stdout, request, process.exited);
  if (isOpen(request)) request.end();
}

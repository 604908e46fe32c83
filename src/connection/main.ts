/**
 * The connection process, by ./start: ssh runs it as its ProxyCommand. Stdin and stdout carry SSH and nothing else; what
 * people should read goes to stderr.
 */
import * as path from 'node:path';
import { describeError } from '../base/errors';
import { createStderrLog, say } from '../base/stderrLog';
import { GreetedStream } from '../ssh/greeting';
import { parseConnectionArguments } from './arguments';
import { adaptToBulk } from './bulk';
import { runConnection } from './connection';
import { openStdio } from './stdio';

/** No part of a connection outlives its ssh by more than this. */
const LAST_CALL_MS = 4500;

async function main(): Promise<number> {
  // Nobody may be reading any more; the exit code still counts.
  process.stderr.on('error', () => undefined);
  // Silent unless asked: some clients of ours never read our stderr, and a full pipe would stop us.
  const log = createStderrLog(process.env);
  log.debug('started');
  const connectionArguments = parseConnectionArguments(process.argv.slice(2));
  const { input, output } = openStdio();
  adaptToBulk(input, output);
  const stream = new GreetedStream(input, output);
  stream.on('error', () => undefined); // 'close' follows, and says all that matters
  stream.once('close', () => setTimeout(() => process.exit(1), LAST_CALL_MS).unref());
  // ssh sends SIGHUP when it ends; the others come from a person or the system.
  for (const signal of ['SIGHUP', 'SIGTERM', 'SIGINT'] as const) process.on(signal, () => stream.destroy());
  return runConnection(connectionArguments, { stream, agentProgram: path.join(__dirname, 'agent.js'), log });
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    say(describeError(error));
    process.exit(255);
  },
);

// Stands in for the connection program: an SSH server on stdin and stdout that shows the host key in RUN_DIR/hostKey
// and answers each exec with "<alias>: <command>".
import { readFileSync } from 'node:fs';
import * as path from 'node:path';
import { Duplex } from 'node:stream';
import ssh2 from 'ssh2';

const [, , option, runDir, alias] = process.argv;
if (option !== '--run-dir') throw new Error(`unexpected ${option}`);

const server = new ssh2.Server({ hostKeys: [readFileSync(path.join(runDir, 'hostKey'))] }, (client) => {
  client.on('authentication', (attempt) => attempt.accept());
  client.on('error', () => process.exit(1));
  client.on('close', () => process.exit(0));
  client.on('session', (accept) => {
    accept().on('exec', (acceptExec, _reject, info) => {
      const channel = acceptExec();
      channel.write(`${alias}: ${info.command}\n`);
      channel.exit(0);
      channel.end();
    });
  });
});

const stdio = Duplex.from({ readable: process.stdin, writable: process.stdout });
stdio.on('error', () => process.exit(1));
server.injectSocket(stdio);

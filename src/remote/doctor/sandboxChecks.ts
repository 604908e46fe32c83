/** What is looked at of one sandbox: through the cloud's API first, then by the way that ssh takes. */
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { abortable, delay } from '../../base/async';
import { printable } from '../../base/errors';
import { silentLogger } from '../../base/logger';
import { requestGrant } from '../../broker/client';
import type { CloudClient, RemoteProcess, Transport } from '../../cloud/provider';
import type { SandboxRef } from '../../sandboxes/sandboxList';
import type { SshSetup } from '../sshSetup';
import { findPublicPorts, runScript } from './agentHostChecks';
import { echoBySsh } from './echo';
import type { Check } from './examination';
import type { Finding } from './findings';

export interface SandboxFacts {
  readonly ref: SandboxRef;
  readonly client: (signal: AbortSignal) => Promise<CloudClient>;
  readonly ssh: Pick<SshSetup, 'provision' | 'command' | 'filesToEdit' | 'isFound' | 'obstacles'>;
  readonly runDir: string;
  readonly env: NodeJS.ProcessEnv;
}

const GRANT_WAIT_MS = 10_000;
/** How often, and at which intervals, to look for a measured round trip: it is announced to nobody. */
const MAX_LOOKS = 40;
const LOOK_AGAIN_MS = 50;
/** Every byte, the ones that are no UTF-8 among them. */
const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));

export function sandboxChecks(facts: SandboxFacts): readonly Check[] {
  return [
    stateCheck(facts),
    webSocketCheck(facts),
    execCheck(facts),
    optionsCheck(facts),
    grantCheck(facts),
    echoCheck(facts),
  ];
}

function stateCheck({ ref, client }: SandboxFacts): Check {
  return {
    name: 'state',
    needs: ['authentication'],
    async run(signal) {
      const { status } = await (await client(signal)).get(ref.sandbox.id, signal);
      // What a newer cloud may call it: the checks that follow tell.
      return status === 'running' || status === 'unknown'
        ? { outcome: 'ok', result: 'running', values: { status } }
        : { outcome: 'failed', result: 'notRunning', values: { status } };
    },
  };
}

function webSocketCheck(facts: SandboxFacts): Check {
  return {
    name: 'webSocket',
    needs: ['state'],
    async run(signal) {
      const transport = await transportOf(facts, signal);
      if (transport.agentHost) return findPublicPorts(transport.agentHost, signal);
      return withCat(transport, signal, async ({ began }) => {
        const ms = performance.now() - began;
        const values = { ms, roundTripMs: await roundTrip(transport, signal) };
        return { outcome: 'ok', result: 'webSocketOpen', values };
      });
    },
  };
}

function execCheck(facts: SandboxFacts): Check {
  return {
    name: 'exec',
    needs: ['webSocket'],
    async run(signal) {
      const transport = await transportOf(facts, signal);
      if (transport.agentHost) return runScript(transport.agentHost, signal);
      return withCat(transport, signal, (cat) => sendAllBytes(cat, signal));
    },
  };
}

async function sendAllBytes({ process, began }: RunningCat, signal: AbortSignal): Promise<Finding> {
  process.stdin.end(ALL_BYTES);
  const output = read(process.stdout);
  const complaints = read(process.stderr);
  // Without the process they end in errors that nobody waits for.
  for (const reading of [output, complaints]) reading.catch(() => undefined);
  const status = await abortable(process.exited, signal);
  const values = { ms: performance.now() - began };
  if (!('code' in status) || status.code !== 0) {
    const said = printable((await complaints).toString(), 200) || JSON.stringify(status);
    return { outcome: 'failed', result: 'execFails', values: { said } };
  }
  return (await output).equals(ALL_BYTES)
    ? { outcome: 'ok', result: 'execWorks', values }
    : { outcome: 'warning', result: 'execDamages', values };
}

async function transportOf({ ref, client }: SandboxFacts, signal: AbortSignal): Promise<Transport> {
  return (await client(signal)).transport(ref.sandbox.id);
}

interface RunningCat {
  readonly process: RemoteProcess;
  /** When it was asked for, by `performance.now()`. */
  readonly began: number;
}

/** Runs cat(1) in the sandbox while it is examined, from when its WebSocket is open. */
async function withCat(
  transport: Transport,
  signal: AbortSignal,
  examine: (cat: RunningCat) => Promise<Finding>,
): Promise<Finding> {
  const began = performance.now();
  const process = await transport.exec({ argv: ['sh', '-c', 'cat'] }, signal);
  try {
    return await examine({ process, began });
  } finally {
    process.kill();
  }
}

/** Whether the user's whole SSH configuration leaves ours as it is: what Remote-SSH works with. */
function optionsCheck({ ref, ssh }: SandboxFacts): Check {
  return {
    name: 'options',
    needs: ['ssh'],
    async run(signal) {
      const alias = await ssh.provision(ref);
      const files = await ssh.filesToEdit();
      // A file that is not there yet is made when a sandbox is opened; until then ssh would only complain of it.
      if (
        files.some((file) => !existsSync(file)) ||
        (files.length > 0 && !(await ssh.isFound(alias, signal)))
      ) {
        return { outcome: 'skipped', result: 'optionsApart', values: { files: files.join(', ') } };
      }
      const details = await ssh.obstacles(alias, signal);
      return details.length === 0
        ? { outcome: 'ok', result: 'optionsAgree', values: {} }
        : { outcome: 'failed', result: 'optionsDiffer', values: { count: details.length }, details };
    },
  };
}

function grantCheck({ ref, ssh, runDir }: SandboxFacts): Check {
  return {
    name: 'grant',
    needs: ['windows', 'endpoint'],
    async run(signal) {
      const alias = await ssh.provision(ref);
      const began = performance.now();
      await requestGrant({ dir: runDir, alias, signal, waitMs: GRANT_WAIT_MS, log: silentLogger });
      return { outcome: 'ok', result: 'granted', values: { ms: performance.now() - began } };
    },
  };
}

function echoCheck({ ref, ssh, env }: SandboxFacts): Check {
  return {
    name: 'echo',
    // Not the options: our own files alone are used here, so the two tell apart whose configuration is at fault.
    needs: ['ssh', 'state', 'grant'],
    async run(signal) {
      const alias = await ssh.provision(ref);
      return echoBySsh(ssh.command(alias), env, signal);
    },
  };
}

/** Waits for the first measurement, which a cloud may never give. */
async function roundTrip(transport: Transport, signal: AbortSignal): Promise<number | undefined> {
  for (let asked = 0; asked < MAX_LOOKS && transport.roundTripMs() === undefined; asked++) {
    await delay(LOOK_AGAIN_MS, signal);
  }
  return transport.roundTripMs();
}

/** At most as much as was sent, and a little more to see that it is too much. */
async function read(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (length <= 16 * ALL_BYTES.length) chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

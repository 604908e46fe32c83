/**
 * Carriers made of the pipes that `attach` processes offer. Linux lets a process open another one's pipes by their names
 * in /proc (proc(5)): so the agent reads and writes them itself, and no byte passes through `attach`.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';
import { AgentLinkError } from '../../agentProtocol/errors';
import { MAX_OFFER_BYTES, parseOffer, TAKEN, type PipeOffer } from '../../agentProtocol/pipeOffer';
import { abortable } from '../../base/async';
import { ByteReader } from '../../base/byteReader';
import { createDeadline } from '../../base/deadline';
import { describeError } from '../../base/errors';
import type { Logger } from '../../base/logger';
import { PipeCarrier } from './pipeCarrier';

/** Far above the carriers that sessions may have; one that is refused relays. */
const MAX_ATTACHED = 128;
/** For the offer, from the connection on. */
const OFFER_MS = 10_000;
const { O_NOCTTY, O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export interface PipesServerOptions {
  readonly onCarrier: (carrier: Duplex) => void;
  readonly log: Logger;
  /** Time for an offer: 10 s. */
  readonly offerMs?: number;
}

/** A server for the socket on which pipes are offered. */
export function createPipesServer({ onCarrier, log, offerMs = OFFER_MS }: PipesServerOptions): net.Server {
  const server = net.createServer((attach) => {
    attach.on('error', () => attach.destroy());
    takePipes(attach, offerMs).then(onCarrier, (error: unknown) => {
      attach.destroy();
      log.debug(`pipes are not taken: ${describeError(error)}`);
    });
  });
  server.maxConnections = MAX_ATTACHED;
  return server;
}

async function takePipes(attach: net.Socket, offerMs: number): Promise<Duplex> {
  const offer = await receiveOffer(attach, offerMs);
  const [input, output] = openPipes(offer);
  attach.write(TAKEN);
  return new PipeCarrier({
    input: new net.Socket({ fd: input, writable: false }),
    output: new net.Socket({ fd: output, readable: false }),
    attach,
  });
}

async function receiveOffer(attach: net.Socket, offerMs: number): Promise<PipeOffer> {
  const timedOut = (): Error => new AgentLinkError('timeout', 'No offer in time');
  const deadline = createDeadline(offerMs, timedOut);
  const reader = new ByteReader(attach);
  try {
    const line = await abortable(reader.readUntil('\n', MAX_OFFER_BYTES), deadline.signal);
    const offer = line && parseOffer(line.toString('latin1'));
    if (!offer) throw new AgentLinkError('refused', 'What came is no offer');
    return offer;
  } finally {
    reader.release();
    deadline.dispose();
  }
}

/** Opens both, or none. */
function openPipes({ pid, input, output }: PipeOffer): readonly [input: number, output: number] {
  const reading = openPipe(`/proc/${pid}/fd/0`, O_RDONLY, input);
  try {
    return [reading, openPipe(`/proc/${pid}/fd/1`, O_WRONLY, output)];
  } catch (error) {
    closeSync(reading);
    throw error;
  }
}

/** An open file description of our own, so that O_NONBLOCK is nobody else's. What is a socket cannot be opened (ENXIO). */
function openPipe(name: string, access: number, inode: bigint): number {
  const fd = openSync(name, access | O_NONBLOCK | O_NOCTTY);
  const stat = fstatSync(fd, { bigint: true });
  if (stat.isFIFO() && stat.ino === inode) return fd;
  closeSync(fd);
  throw new AgentLinkError('refused', `${name} is not the pipe that was offered`);
}

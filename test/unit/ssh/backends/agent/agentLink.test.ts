import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarrierAcceptor } from '../../../../../src/agentProtocol/carrierAcceptor';
import { encodeGreeting, NONCE_BYTES } from '../../../../../src/agentProtocol/handshakeMessages';
import { deriveSecret } from '../../../../../src/agentProtocol/secret';
import { createDeferred } from '../../../../../src/base/async';
import { AgentLink } from '../../../../../src/ssh/backends/agent/agentLink';
import type { AgentReach } from '../../../../../src/ssh/backends/agent/reach';
import { TestSessions } from '../../../../helpers/agentSessions';
import { carrierPair, type FaultyCarrier } from '../../../../helpers/carrierPair';
import { eventually } from '../../../../helpers/eventually';

const secret = deriveSecret('user key');
const never = new AbortController().signal;
/** Longer than a carrier that was lost may take to be replaced. */
const SLOW_START_MS = 20_000;
/** What one carrier gets. */
const HANDSHAKE_MS = 15_000;

describe('AgentLink', () => {
  let sessions: TestSessions;
  let acceptor: CarrierAcceptor;
  let link: AgentLink | undefined;
  /** All that were opened. */
  let carriers: FaultyCarrier[];
  beforeEach(() => {
    sessions = new TestSessions([secret]);
    acceptor = new CarrierAcceptor(sessions);
    link = undefined;
    carriers = [];
  });
  afterEach(async () => {
    mock.timers.reset();
    await link?.close();
    acceptor.dispose();
    sessions.forget();
  });

  /** One that works. */
  const toAgent = (): Duplex => {
    const { near, far } = carrierPair();
    carriers.push(near);
    acceptor.accept(far).catch(() => undefined);
    return near;
  };

  /** One to an agent that dies before it answers. */
  const toDyingAgent = (): Duplex => {
    const { near, far } = carrierPair();
    carriers.push(near);
    far.write(encodeGreeting(randomBytes(NONCE_BYTES)));
    near.cutAfter(10);
    return near;
  };

  /** One to what greets and then says nothing any more. */
  const toHungAgent = (): Duplex => {
    const { near, far } = carrierPair();
    carriers.push(near);
    far.write(encodeGreeting(randomBytes(NONCE_BYTES)));
    return near;
  };

  interface Ways {
    readonly found: () => Duplex;
    readonly started?: (signal: AbortSignal) => Duplex | Promise<Duplex>;
  }

  const open = async ({ found, started }: Ways, signal = never): Promise<AgentLink> => {
    const reach: AgentReach = {
      facts: undefined,
      open: async (isRetry, limit) => {
        if (!isRetry) return found();
        if (!started) throw new Error('No agent is to be started');
        return started(limit);
      },
      reopen: () => Promise.resolve(toAgent()),
    };
    const mayReconnect = (): Promise<void> => Promise.resolve();
    link = await AgentLink.open({ reach, secret, mayReconnect, onState: () => undefined }, signal);
    return link;
  };

  const deaths = [
    { name: 'dies before it answers', found: toDyingAgent },
    {
      name: 'is not there any more',
      found: () => {
        const carrier = toDyingAgent();
        carrier.destroy();
        return carrier;
      },
    },
  ];
  for (const { name, found } of deaths) {
    it(`has an agent that ${name} started again, and takes that one`, async () => {
      await open({ found, started: toAgent });

      assert.equal(sessions.held.length, 1);
      assert.ok(carriers[0]?.destroyed);
    });
  }

  it('has an agent that hangs started again', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const opening = open({ found: toHungAgent, started: toAgent });
    await nextTurn();
    mock.timers.tick(HANDSHAKE_MS);

    await opening;

    assert.ok(carriers[0]?.destroyed);
  });

  it('gives an agent all the time that its start takes', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const starting = createDeferred<AbortSignal>();
    const start = createDeferred<Duplex>();
    const opening = open({
      found: toDyingAgent,
      started: (signal) => {
        starting.resolve(signal);
        return start.promise;
      },
    });
    const signal = await starting.promise;

    mock.timers.tick(SLOW_START_MS);
    start.resolve(toAgent());

    await opening;
    assert.ok(!signal.aborted);
  });

  it('says why, if the one that was started does not answer either', async () => {
    await assert.rejects(open({ found: toDyingAgent, started: toDyingAgent }), {
      name: 'AgentStartError',
      code: 'failed',
      message: /^The agent starts, but does not answer: .*closed the connection without an answer/,
    });
    assert.ok(carriers.every(({ destroyed }) => destroyed));
  });

  it('leaves an agent alone that has too many sessions', async () => {
    sessions.isFull = true;

    await assert.rejects(open({ found: toAgent }), { code: 'busy' });
  });

  it('starts none in place of what does not know the secret', async () => {
    const found = (): Duplex => {
      const { near, far } = carrierPair();
      far.write('HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n');
      return near;
    };

    await assert.rejects(open({ found }), { code: 'untrusted' });
  });

  it('lets go of all when its caller gives up', async () => {
    const caller = new AbortController();
    const opening = open({ found: toHungAgent }, caller.signal);
    await eventually(() => assert.equal(carriers.length, 1));

    caller.abort(new Error('enough'));

    await assert.rejects(opening, /enough/);
    await eventually(() => assert.ok(carriers[0]?.destroyed));
  });
});

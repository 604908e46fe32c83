import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { mock } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { CarrierAcceptor } from '../../../../../src/agentProtocol/carrierAcceptor';
import { encodeGreeting, NONCE_BYTES } from '../../../../../src/agentProtocol/handshakeMessages';
import type { ResumableStream } from '../../../../../src/agentProtocol/resumableStream';
import { deriveSecret } from '../../../../../src/agentProtocol/secret';
import { createDeferred } from '../../../../../src/base/async';
import { CloudError } from '../../../../../src/cloud/errors';
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
  /** Why there is no other carrier. */
  let obstacle: Error | undefined;
  let reopenings: number;
  /** All that were opened. */
  let carriers: FaultyCarrier[];
  /** By the agent. */
  let heard: string;
  beforeEach(() => {
    heard = '';
    sessions = new TestSessions([secret], (stream) =>
      stream.on('data', (chunk: Buffer) => (heard += chunk.toString())),
    );
    acceptor = new CarrierAcceptor(sessions);
    link = undefined;
    obstacle = undefined;
    reopenings = 0;
    carriers = [];
  });
  afterEach(async () => {
    mock.timers.reset();
    await link?.close(Promise.resolve());
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
      reopen: () => {
        reopenings++;
        return obstacle ? Promise.reject(obstacle) : Promise.resolve(toAgent());
      },
    };
    const mayReconnect = (): Promise<void> => Promise.resolve();
    link = await AgentLink.open({ reach, secret, mayReconnect, onState: () => undefined }, signal);
    return link;
  };

  /** In steps, between which what was set off happens. */
  const passTime = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 50) {
      mock.timers.tick(50);
      await nextTurn();
    }
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

  it('leaves a cloud alone that asks for it, before it tries to reach the agent again', async () => {
    await open({ found: toAgent });
    mock.timers.enable({ apis: ['setTimeout'] });
    obstacle = new CloudError('rate-limited', 'busy', { retryAfterMs: 30_000 });
    carriers[0]!.destroy();
    await passTime(29_000);
    const before = reopenings;
    await passTime(2_000);

    assert.deepEqual([before, reopenings], [1, 2]);
  });

  describe('at its end', () => {
    let agent: ResumableStream;
    beforeEach(async () => {
      link = await open({ found: toAgent });
      agent = sessions.held[0]!.stream;
    });

    it('tells the agent, once that has heard all', async () => {
      link!.stream.write('last words');

      await link!.close(Promise.resolve());

      assert.equal(heard, 'last words');
      assert.ok(agent.destroyed);
      assert.equal(carriers.length, 1);
    });

    it('waits for a farewell that the agent hears', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      const farewell = createDeferred<undefined>();
      link!.stream.write('farewell');
      const closed = link!.close(farewell.promise);

      await passTime(3000);
      assert.ok(!agent.destroyed);
      farewell.resolve(undefined);

      await closed;
      assert.ok(agent.destroyed);
    });

    const talks = [
      { name: 'it still has to hear something', farewell: Promise.resolve() },
      { name: 'it does not hear a farewell', farewell: new Promise<void>(() => undefined) },
    ];
    for (const { name, farewell } of talks) {
      it(`tells the agent by a carrier of its own where ${name}`, async () => {
        mock.timers.enable({ apis: ['setTimeout'] });
        carriers[0]!.goSilent();
        link!.stream.write('what waits');

        const closed = link!.close(farewell);
        await passTime(3000);

        await closed;
        assert.ok(agent.destroyed);
        assert.equal(heard, '');
        assert.equal(carriers.length, 2);
      });
    }

    it('comes although the agent cannot be told', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      obstacle = new Error('no route');
      carriers[0]!.goSilent();
      link!.stream.write('what waits');

      const closed = link!.close(Promise.resolve());
      await passTime(3000);

      await closed;
      assert.ok(carriers[0]!.destroyed);
    });
  });
});

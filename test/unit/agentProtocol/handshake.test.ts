import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mock } from 'node:test';
import { PassThrough } from 'node:stream';
import { ByteReader } from '../../../src/base/byteReader';
import { CarrierAcceptor } from '../../../src/agentProtocol/carrierAcceptor';
import { ClientHandshake } from '../../../src/agentProtocol/clientHandshake';
import {
  AnswerStatus,
  decodeGreeting,
  deriveTicket,
  encodeAnswer,
  encodeGreeting,
  encodeHello,
  GREETING_BYTES,
  HELLO_BYTES,
  NONCE_BYTES,
  ReceivedHello,
  type SessionTicket,
} from '../../../src/agentProtocol/handshakeMessages';
import { deriveSecret } from '../../../src/agentProtocol/secret';
import { TestSessions } from '../../helpers/agentSessions';
import { carrierPair, type FaultyCarrier } from '../../helpers/carrierPair';
import { eventually } from '../../helpers/eventually';

const secret = deriveSecret('user key');
const otherSecret = deriveSecret('user key of another person');
const never = new AbortController().signal;

/** A carrier that an acceptor works on, with a client that the test plays. */
class Attempt {
  readonly carrier: FaultyCarrier;
  /** Code of the error by which the acceptor refused, or `accepted`. */
  readonly outcome: Promise<unknown>;
  readonly #received: ByteReader;

  constructor(acceptor: CarrierAcceptor) {
    const { near, far } = carrierPair();
    this.carrier = near;
    this.#received = new ByteReader(near);
    this.outcome = acceptor.accept(far).then(
      () => 'accepted',
      (error: unknown) => (error as { code: unknown }).code,
    );
  }

  async agentNonce(): Promise<Buffer> {
    return decodeGreeting(await this.#received.read(GREETING_BYTES));
  }

  /** All that the agent still sends before it closes. */
  async rest(): Promise<Buffer> {
    return this.#received.read(Infinity);
  }
}

describe('The handshake', () => {
  let sessions: TestSessions;
  let acceptor: CarrierAcceptor;
  beforeEach(() => {
    sessions = new TestSessions([secret, otherSecret]);
    acceptor = new CarrierAcceptor(sessions);
  });
  afterEach(() => {
    acceptor.dispose();
    sessions.forget();
    mock.timers.reset();
  });

  /** Performs it on a carrier; gives what the agent has received of the session. */
  const perform = async (client: ClientHandshake, received = 0): Promise<number> => {
    const { near, far } = carrierPair();
    const accepted = acceptor.accept(far);
    accepted.catch(() => undefined);
    return client.perform(near, received, never);
  };

  it('begins a session', async () => {
    assert.equal(await perform(new ClientHandshake(secret)), 0);

    assert.equal(sessions.held.length, 1);
    assert.ok(sessions.held[0]?.stream.isAttached);
  });

  it('resumes a session, and takes it from a carrier that looks alive', async () => {
    const client = new ClientHandshake(secret);
    await perform(client);

    assert.equal(await perform(client), 0);

    assert.equal(sessions.held.length, 1);
  });

  it('leaves what comes right behind it to the stream', async () => {
    const { near, far } = carrierPair();
    void acceptor.accept(far);
    await new ClientHandshake(secret).perform(near, 0, never);
    const [session] = sessions.held;

    session?.stream.write('at once');

    const frame = await new ByteReader(near).read(12 + 4 + 7);
    assert.ok(frame.toString('latin1').endsWith('at once'));
  });

  it('tells a session that is gone from a wrong secret', async () => {
    const client = new ClientHandshake(secret);
    await perform(client);
    sessions.forget();

    await assert.rejects(perform(client), { code: 'unknown-session' });
    await assert.rejects(perform(new ClientHandshake(deriveSecret('no such key'))), { code: 'refused' });
  });

  it('begins anew when the first one broke off before the agent heard of it', async () => {
    const client = new ClientHandshake(secret);
    const { near, far } = carrierPair();
    far.write(encodeGreeting(randomBytes(NONCE_BYTES)));
    near.cutAfter(10);
    await assert.rejects(client.perform(near, 0, never), { code: 'refused' });

    assert.equal(await perform(client), 0);
  });

  it('begins anew when the answer to the first one was lost', async () => {
    const client = new ClientHandshake(secret);
    const { near, far } = carrierPair();
    void acceptor.accept(far);
    far.cutAfter(GREETING_BYTES + 5);
    await assert.rejects(client.perform(near, 0, never), { code: 'refused' });

    assert.equal(await perform(client), 0);
  });

  it('is told when the agent has too many sessions, and may come again', async () => {
    const client = new ClientHandshake(secret);
    sessions.isFull = true;
    await assert.rejects(perform(client), { code: 'busy' });

    sessions.isFull = false;

    assert.equal(await perform(client), 0);
  });

  describe('with a client that is not to be trusted', () => {
    /** Nothing but the greeting was sent, no session was begun or taken over. */
    const isShutOut = async (attempt: Attempt): Promise<void> => {
      assert.equal(await attempt.outcome, 'refused');
      assert.equal((await attempt.rest()).length, 0);
    };

    /** A second attempt with the hello of one that was accepted. */
    const replayOf = async (ticket: SessionTicket | undefined): Promise<Attempt> => {
      const recorded = new Attempt(acceptor);
      const nonces = { agent: await recorded.agentNonce(), client: randomBytes(NONCE_BYTES) };
      const hello = encodeHello(secret, nonces, 0, ticket);
      recorded.carrier.write(hello);
      assert.equal(await recorded.outcome, 'accepted');
      const replay = new Attempt(acceptor);
      await replay.agentNonce();
      replay.carrier.write(hello);
      return replay;
    };

    it('is refused without a byte for a wrong secret under a good name', async () => {
      const attempt = new Attempt(acceptor);
      const nonces = { agent: await attempt.agentNonce(), client: randomBytes(NONCE_BYTES) };
      const hello = encodeHello(secret, nonces, 0, undefined);
      hello.set(randomBytes(32), HELLO_BYTES - 64);

      attempt.carrier.write(hello);

      await isShutOut(attempt);
      assert.equal(sessions.held.length, 0);
    });

    for (const at of [0, 1, 9, 25, 57, 64]) {
      it(`is refused for a hello that was changed at byte ${at}`, async () => {
        const attempt = new Attempt(acceptor);
        const nonces = { agent: await attempt.agentNonce(), client: randomBytes(NONCE_BYTES) };
        const hello = encodeHello(secret, nonces, 0, undefined);
        hello[at]! ^= 1;

        attempt.carrier.write(hello);

        await isShutOut(attempt);
      });
    }

    it('is refused for a hello that was recorded', async () => {
      await isShutOut(await replayOf(undefined));

      assert.equal(sessions.held.length, 1);
    });

    describe('and knows a session', () => {
      let ticket: SessionTicket;
      beforeEach(async () => {
        await perform(new ClientHandshake(secret));
        ticket = sessions.held[0]!.ticket;
      });

      const stillAttached = (): void => assert.ok(sessions.held[0]?.stream.isAttached);

      it('is refused for a proof that was recorded', async () => {
        await isShutOut(await replayOf(ticket));

        stillAttached();
      });

      it('is refused for a recorded proof in a fresh hello', async () => {
        const recorded = new Attempt(acceptor);
        const old = { agent: await recorded.agentNonce(), client: randomBytes(NONCE_BYTES) };
        const proof = encodeHello(secret, old, 0, ticket).subarray(-32);
        const attempt = new Attempt(acceptor);
        const nonces = { agent: await attempt.agentNonce(), client: old.client };
        const hello = encodeHello(secret, nonces, 0, ticket);
        hello.set(proof, HELLO_BYTES - 32);

        attempt.carrier.write(hello);

        await isShutOut(attempt);
        stillAttached();
      });

      it('is refused without the key of that session', async () => {
        const attempt = new Attempt(acceptor);
        const nonces = { agent: await attempt.agentNonce(), client: randomBytes(NONCE_BYTES) };

        attempt.carrier.write(encodeHello(secret, nonces, 0, { ...ticket, resumeKey: randomBytes(32) }));

        await isShutOut(attempt);
        stillAttached();
      });

      it("learns nothing of another secret's session, not even that it exists", async () => {
        const attempt = new Attempt(acceptor);
        const nonces = { agent: await attempt.agentNonce(), client: randomBytes(NONCE_BYTES) };

        attempt.carrier.write(encodeHello(otherSecret, nonces, 0, ticket));

        assert.equal(await attempt.outcome, 'unknown-session');
        assert.equal((await attempt.rest())[0], AnswerStatus.UNKNOWN_SESSION);
        stillAttached();
      });

      it('is refused, and the session goes on, for a hello that another carrier has overtaken', async () => {
        const { stream } = sessions.held[0]!;
        const late = new Attempt(acceptor);
        const nonces = { agent: await late.agentNonce(), client: randomBytes(NONCE_BYTES) };
        const hello = encodeHello(secret, nonces, 0, ticket);
        stream.write('news');
        const overtaking = new Attempt(acceptor);
        const fresh = { agent: await overtaking.agentNonce(), client: randomBytes(NONCE_BYTES) };
        overtaking.carrier.write(encodeHello(secret, fresh, 4, ticket));
        assert.equal(await overtaking.outcome, 'accepted');

        late.carrier.write(hello);

        await isShutOut(late);
        stillAttached();
      });

      it('ends the session when it claims to have received what was never sent', async () => {
        const attempt = new Attempt(acceptor);
        const nonces = { agent: await attempt.agentNonce(), client: randomBytes(NONCE_BYTES) };

        attempt.carrier.write(encodeHello(secret, nonces, 1, ticket));

        await attempt.outcome;
        assert.ok(sessions.held[0]?.stream.destroyed);
      });
    });

    it('is dropped when it ends within its hello', async () => {
      const attempt = new Attempt(acceptor);
      await attempt.agentNonce();

      attempt.carrier.end(Buffer.alloc(HELLO_BYTES - 1));

      assert.equal(await attempt.outcome, 'carrier-lost');
      assert.equal((await attempt.rest()).length, 0);
    });

    it('is dropped when it takes too long', async () => {
      mock.timers.enable({ apis: ['setTimeout'] });
      const attempt = new Attempt(acceptor);
      attempt.carrier.write(Buffer.alloc(HELLO_BYTES - 1));

      mock.timers.tick(10_000);

      assert.equal(await attempt.outcome, 'timeout');
    });

    it('does not keep others out by holding many handshakes open for ever', async () => {
      const slow = Array.from({ length: 64 }, () => new Attempt(acceptor));

      assert.equal(await new Attempt(acceptor).outcome, 'busy');
      for (const { carrier } of slow) carrier.destroy();
      await Promise.all(slow.map(({ outcome }) => outcome));

      assert.equal(await perform(new ClientHandshake(secret)), 0);
    });
  });

  it('ends with its acceptor', async () => {
    const attempt = new Attempt(acceptor);

    acceptor.dispose();

    assert.equal(await attempt.outcome, 'carrier-lost');
    assert.equal(await new Attempt(acceptor).outcome, 'busy');
  });

  describe('with an agent that is not to be trusted', () => {
    /** Performs it with an agent that greets well and answers so. */
    const performWith = async (
      answer: (hello: ReceivedHello, agentNonce: Buffer) => Buffer,
    ): Promise<number> => {
      const { near, far } = carrierPair();
      const agentNonce = randomBytes(NONCE_BYTES);
      far.write(encodeGreeting(agentNonce));
      const performed = new ClientHandshake(secret).perform(near, 0, never);
      const hello = new ReceivedHello(await new ByteReader(far).read(HELLO_BYTES), agentNonce);
      far.end(answer(hello, agentNonce));
      return performed;
    };
    const ok = { status: AnswerStatus.OK, received: 0 };

    it('believes one that knows the secret', async () => {
      const received = await performWith((hello) =>
        encodeAnswer(secret, hello.nonces, { ...ok, sessionId: deriveTicket(secret, hello.nonces).id }),
      );

      assert.equal(received, 0);
    });

    it('finds out one that does not', async () => {
      const performed = performWith((hello) =>
        encodeAnswer(otherSecret, hello.nonces, { ...ok, sessionId: '00'.repeat(16) }),
      );

      await assert.rejects(performed, { code: 'untrusted' });
    });

    it('finds out an answer that was recorded', async () => {
      const performed = performWith((hello) =>
        encodeAnswer(
          secret,
          { ...hello.nonces, client: randomBytes(NONCE_BYTES) },
          { ...ok, sessionId: '00'.repeat(16) },
        ),
      );

      await assert.rejects(performed, { code: 'untrusted' });
    });

    it('finds out what is no agent at its first bytes', async () => {
      const carrier = new PassThrough();
      const performed = new ClientHandshake(secret).perform(carrier, 0, never);

      carrier.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');

      await assert.rejects(performed, { code: 'untrusted' });
    });

    it('tells one that ended before it greeted', async () => {
      const { near, far } = carrierPair();
      const performed = new ClientHandshake(secret).perform(near, 0, never);

      far.destroy();

      await assert.rejects(performed, { code: 'carrier-lost' });
    });

    it('stops waiting when its caller does', async () => {
      const abort = new AbortController();
      const { near } = carrierPair();
      const performed = new ClientHandshake(secret).perform(near, 0, abort.signal);

      abort.abort(new Error('enough'));

      await assert.rejects(performed, /enough/);
      await eventually(() => assert.equal(near.listenerCount('readable'), 0));
    });
  });
});

import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { Connection } from 'ssh2';
import { takeRunningSessionRequests } from '../../../src/ssh/ssh2Internals';

const OURS = 3;
const CLIENTS = 7;

/** A connection with one session, as ssh2 keeps it, and what becomes of a request for it. */
class Fake {
  readonly session = new EventEmitter();
  readonly seen: unknown[] = [];
  readonly #handlers: { CHANNEL_REQUEST: (...request: unknown[]) => void } = {
    CHANNEL_REQUEST: () => this.#note('left to ssh2'),
  };
  readonly #protocol = {
    _handlers: this.#handlers,
    channelSuccess: (id: number) => this.#note('success', id),
    channelFailure: (id: number) => this.#note('failure', id),
  };

  constructor(channel: object | undefined) {
    Object.assign(this.session, { _channel: channel });
    for (const event of ['eow', 'window-change', 'signal'])
      this.session.on(event, (_accept, _reject, info) => this.#note(event, info));
    const connection = { _protocol: this.#protocol, _chanMgr: { get: () => this.session } };
    takeRunningSessionRequests(connection as unknown as Connection);
  }

  request(type: string, wantReply: boolean, data?: unknown): unknown[] {
    this.#protocol._handlers.CHANNEL_REQUEST(this.#protocol, OURS, type, wantReply, data);
    return this.seen;
  }

  #note(...what: unknown[]): void {
    this.seen.push(what);
  }
}

describe('takeRunningSessionRequests', () => {
  const running = { outgoing: { id: CLIENTS, state: 'open' } };

  const requests = [
    { type: 'signal', wantReply: false, data: 'USR1', seen: [['signal', { name: 'USR1' }]] },
    {
      type: 'signal',
      wantReply: true,
      data: 'USR1',
      seen: [
        ['signal', { name: 'USR1' }],
        ['success', CLIENTS],
      ],
    },
    { type: 'window-change', wantReply: false, data: { cols: 1 }, seen: [['window-change', { cols: 1 }]] },
    { type: 'eow@openssh.com', wantReply: false, data: undefined, seen: [['eow', undefined]] },
    {
      type: 'winadj@putty.projects.tartarus.org',
      wantReply: true,
      data: undefined,
      seen: [['failure', CLIENTS]],
    },
    { type: 'break', wantReply: false, data: undefined, seen: [] },
    { type: 'exec', wantReply: true, data: 'true', seen: [['failure', CLIENTS]] },
  ];
  for (const { type, wantReply, data, seen } of requests) {
    it(`takes ${type}${wantReply ? ', and answers' : ''}`, () => {
      assert.deepEqual(new Fake(running).request(type, wantReply, data), seen);
    });
  }

  it('says nothing on a channel that it has closed', () => {
    const closed = { outgoing: { id: CLIENTS, state: 'closed' } };

    assert.deepEqual(new Fake(closed).request('break', true), []);
  });

  it('leaves a session to ssh2 whose program has not been asked for', () => {
    assert.deepEqual(new Fake(undefined).request('exec', true, 'true'), [['left to ssh2']]);
  });
});

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { FIRST_WINDOW_BYTES } from '../../../../src/agentProtocol/channels/channel';
import { MAX_OPEN_BYTES, messageHeader, MessageType } from '../../../../src/agentProtocol/channels/messages';
import { Multiplexer } from '../../../../src/agentProtocol/channels/multiplexer';
import type { AgentLinkError } from '../../../../src/agentProtocol/errors';
import { carrierPair } from '../../../helpers/carrierPair';
import { closed, eventsOf, message } from './channelPairs';

interface Violation {
  readonly name: string;
  readonly messages: readonly Buffer[];
}

const window = (bytes: number): Buffer => {
  const payload = Buffer.alloc(4);
  payload.writeUInt32BE(bytes);
  return payload;
};
const asAllowed = message(MessageType.DATA, 1, Buffer.alloc(FIRST_WINDOW_BYTES));

/** By either side, about channel 1, which is there. */
const ofEither: Violation[] = [
  { name: 'a message of an unknown type', messages: [messageHeader(7, 1, 0)] },
  { name: 'data of nothing', messages: [message(MessageType.DATA, 1)] },
  { name: 'a window of three bytes', messages: [message(MessageType.WINDOW_ADJUST, 1, 'abc')] },
  { name: 'a reason why it is over', messages: [message(MessageType.CLOSE, 1, '{}')] },
  { name: 'more data than it may', messages: [asAllowed, message(MessageType.DATA, 1, 'x')] },
  { name: 'data behind its end', messages: [message(MessageType.EOF, 1), message(MessageType.DATA, 1, 'x')] },
  { name: 'a second end', messages: [message(MessageType.EOF, 1), message(MessageType.EOF, 1)] },
  { name: 'an end that is not JSON', messages: [message(MessageType.EOF, 1, '{')] },
  { name: 'a window that is too wide', messages: [message(MessageType.WINDOW_ADJUST, 1, window(2 ** 31))] },
  {
    name: 'windows that are too wide together',
    messages: Array.from({ length: 2 }, () => message(MessageType.WINDOW_ADJUST, 1, window(2 ** 30))),
  },
  { name: 'data for a channel that never was', messages: [message(MessageType.DATA, 2, 'x')] },
  { name: 'the end of a channel that never was', messages: [message(MessageType.EOF, 2)] },
  { name: 'that a channel is over that never was', messages: [message(MessageType.CLOSE, 2)] },
];

const confirmation = message(MessageType.OPEN_CONFIRMATION, 1, '{}');
const refusal = message(MessageType.OPEN_FAILURE, 1, '{}');
const ofAgents: Violation[] = [
  { name: 'a question', messages: [message(MessageType.OPEN, 2, '{}')] },
  { name: 'two confirmations', messages: [confirmation, confirmation] },
  { name: 'a refusal of what it confirmed', messages: [confirmation, refusal] },
  { name: 'a confirmation that is not JSON', messages: [message(MessageType.OPEN_CONFIRMATION, 1)] },
  { name: 'a refusal that is not JSON', messages: [message(MessageType.OPEN_FAILURE, 1, 'no')] },
  {
    name: 'an answer for a channel that never was',
    messages: [message(MessageType.OPEN_CONFIRMATION, 2, '{}')],
  },
];

const ofClients: Violation[] = [
  { name: 'a confirmation', messages: [confirmation] },
  { name: 'a refusal', messages: [refusal] },
  { name: 'a question that is not JSON', messages: [message(MessageType.OPEN, 2, 'what?')] },
  { name: 'a question that is too long', messages: [messageHeader(MessageType.OPEN, 2, MAX_OPEN_BYTES + 1)] },
  { name: 'the number of a channel that is there', messages: [message(MessageType.OPEN, 1, '{}')] },
  {
    name: 'the number of a channel that has ended',
    messages: [message(MessageType.CLOSE, 1), message(MessageType.OPEN, 1, '{}')],
  },
  { name: 'the number 0', messages: [message(MessageType.OPEN, 0, '{}')] },
];

describe('A client whose agent sends', () => {
  for (const { name, messages } of [...ofEither, ...ofAgents]) {
    it(`${name} ends the session`, async () => {
      const { near: stream, far: agent } = carrierPair();
      const channel = new Multiplexer(stream).open({});
      const events = eventsOf(channel);
      const failed = once(stream, 'error') as Promise<[AgentLinkError]>;

      agent.write(Buffer.concat(messages));

      assert.equal((await failed)[0].code, 'protocol');
      await closed(channel);
      assert.ok(!events.includes('error'));
    });
  }
});

describe('An agent whose client sends', () => {
  for (const { name, messages } of [...ofEither, ...ofClients]) {
    it(`${name} ends the session`, async () => {
      const { near: stream, far: client } = carrierPair();
      const agent = new Multiplexer(stream, () => undefined);
      const failed = once(stream, 'error') as Promise<[AgentLinkError]>;

      client.write(Buffer.concat([message(MessageType.OPEN, 1, '{}'), ...messages]));

      assert.equal((await failed)[0].code, 'protocol');
      assert.equal(agent.size, 0);
    });
  }

  it('numbers with gaps goes on', async () => {
    const { near: stream, far: client } = carrierPair();
    const opened: number[] = [];
    const agent = new Multiplexer(stream, ({ id }) => opened.push(id));

    client.end(
      Buffer.concat([message(MessageType.OPEN, 3, '{}'), message(MessageType.OPEN, 2 ** 32 - 1, '{}')]),
    );
    await once(stream, 'close');

    assert.deepEqual(opened, [3, 2 ** 32 - 1]);
    assert.equal(agent.size, 0);
  });
});

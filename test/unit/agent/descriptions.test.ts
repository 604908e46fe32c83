import assert from 'node:assert/strict';
import { checks } from '../../../src/agent/descriptions';

const exec = { channel: 'a1', argv: ['sh'], env: {} };

describe('descriptions of requests', () => {
  const accepted = [
    { name: 'a program', check: checks.exec, description: exec },
    {
      name: 'a terminal',
      check: checks.exec,
      description: { ...exec, terminal: { columns: 0, rows: 65_535 } },
    },
    { name: 'an empty argument', check: checks.exec, description: { ...exec, argv: ['sh', ''] } },
    { name: 'a port', check: checks.dial, description: { target: { kind: 'tcp', host: 'h', port: 1 } } },
    { name: 'a private socket', check: checks.listen, description: { address: { kind: 'private' } } },
  ];
  for (const { name, check, description } of accepted) {
    it(`take ${name}`, () => assert.deepEqual(check(description), description));
  }

  const refused = [
    { name: 'nothing', check: checks.exec, description: undefined },
    { name: 'no program', check: checks.exec, description: { ...exec, argv: [] } },
    { name: 'a nameless program', check: checks.exec, description: { ...exec, argv: [''] } },
    { name: 'a NUL in an argument', check: checks.exec, description: { ...exec, argv: ['sh', 'a\0b'] } },
    { name: 'a NUL in a variable', check: checks.exec, description: { ...exec, env: { A: '\0' } } },
    {
      name: 'a variable with "=" in its name',
      check: checks.exec,
      description: { ...exec, env: { 'A=B': '' } },
    },
    { name: 'a channel with other characters', check: checks.channel, description: { channel: '../x' } },
    { name: 'a channel of 33 characters', check: checks.channel, description: { channel: 'a'.repeat(33) } },
    {
      name: 'a size beyond 16 bits',
      check: checks.resize,
      description: { channel: 'a', columns: 65_536, rows: 1 },
    },
    {
      name: 'a port beyond 16 bits',
      check: checks.dial,
      description: { target: { kind: 'tcp', host: 'h', port: 65_536 } },
    },
    { name: 'a private socket to dial', check: checks.dial, description: { target: { kind: 'private' } } },
  ];
  for (const { name, check, description } of refused) {
    it(`refuse ${name}`, () => assert.throws(() => check(description), { code: 'invalid' }));
  }
});

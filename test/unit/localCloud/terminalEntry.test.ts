import assert from 'node:assert/strict';
import { enterWithTerminal, terminalMaker } from '../../../src/localCloud/runtimes/terminalEntry';

describe('A terminal in a box', () => {
  const confined = (userNamespace: 'none' | 'nested' | 'single') => ({
    userNamespace,
    dropCapabilities: false,
  });
  const hostScript = '/usr/bin/script';
  const cases = [
    { hasScript: true, hostScript, userNamespace: 'nested', maker: 'box', where: 'the box has script(1)' },
    { hasScript: false, hostScript, userNamespace: 'nested', maker: 'host', where: 'only the host has it' },
    {
      hasScript: false,
      hostScript,
      userNamespace: 'single',
      maker: 'server',
      where: 'the box could look into what enters it',
    },
    {
      hasScript: false,
      hostScript: undefined,
      userNamespace: 'nested',
      maker: 'server',
      where: 'nobody has it',
    },
  ] as const;
  for (const { userNamespace, maker, where, ...has } of cases) {
    it(`is made by the ${maker} where ${where}`, () => {
      const tools = { nsenter: '/usr/bin/nsenter', ...has };
      assert.equal(terminalMaker({ confinement: confined(userNamespace) }, tools), maker);
    });
  }

  for (const hasScript of [true, false]) {
    it(`keeps the shell of the command when ${hasScript ? 'the box' : 'the host'} makes it`, () => {
      const entry = { pid: 7, network: true, confinement: confined('nested'), workingDir: '/' };
      const tools = { nsenter: '/usr/bin/nsenter', hostScript, hasScript };
      const { args, env } = enterWithTerminal(entry, tools, ['a', "it's"], { SHELL: '/bin/ba sh', A: '1' });

      assert.deepEqual(env, { SHELL: '/bin/sh', A: '1' });
      assert.match(args.at(-2) ?? '', /^export SHELL='\/bin\/ba sh'; exec /);
      assert.ok(args.at(-2)?.endsWith(`'a' 'it'\\''s'`), args.at(-2));
    });

    it(`gives a command without a shell none when ${hasScript ? 'the box' : 'the host'} makes it`, () => {
      const entry = { pid: 7, network: true, confinement: confined('nested'), workingDir: '/' };
      const tools = { nsenter: '/usr/bin/nsenter', hostScript, hasScript };
      const { args } = enterWithTerminal(entry, tools, ['a'], {});

      assert.match(args.at(-2) ?? '', /^unset SHELL; exec /);
    });
  }
});

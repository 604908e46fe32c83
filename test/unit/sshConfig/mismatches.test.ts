import assert from 'node:assert/strict';
import { findLine, findMismatches } from '../../../src/sshConfig/mismatches';

describe('findMismatches', () => {
  const wanted = [
    { keyword: 'StrictHostKeyChecking', value: 'yes', essential: true },
    { keyword: 'ControlPath', value: 'none', essential: true },
    { keyword: 'LogLevel', value: 'INFO' },
  ];
  const effective = (changes: Record<string, string>): Map<string, string> =>
    new Map(Object.entries({ stricthostkeychecking: 'true', loglevel: 'INFO', ...changes }));

  it('knows how ssh spells yes, and that it leaves out "none"', () =>
    assert.deepEqual(findMismatches(wanted, effective({})), []));

  it('tells what differs', () =>
    assert.deepEqual(
      findMismatches(wanted, effective({ controlpath: '/tmp/%C', stricthostkeychecking: 'ask' })),
      [
        { keyword: 'StrictHostKeyChecking', expected: 'yes', actual: 'ask' },
        { keyword: 'ControlPath', expected: 'none', actual: '/tmp/%C' },
      ],
    ));

  it("knows how Git's ssh for Windows spells a path", () => {
    const file = {
      keyword: 'UserKnownHostsFile',
      value: 'C:\\Users\\me\\.ssh\\known_hosts',
      essential: true,
    };
    const spelled = (path: string): Map<string, string> => new Map([['userknownhostsfile', path]]);

    assert.deepEqual(findMismatches([file], spelled('/c/Users/me/.ssh/known_hosts')), []);
    assert.equal(findMismatches([file], spelled('/d/Users/me/.ssh/known_hosts')).length, 1);
  });

  it('lets the user choose what connections do not depend on', () =>
    assert.deepEqual(findMismatches(wanted, effective({ loglevel: 'DEBUG' })), []));
});

describe('findLine', () => {
  const include = 'Include ours';
  const find = (content: string, keyword = 'ControlMaster'): number | undefined =>
    findLine('config', content, keyword, include)?.line;

  const cases = [
    { name: 'a line above ours', content: `Host *\n  ControlMaster auto\n${include}\n`, want: 2 },
    { name: 'any spelling', content: `Host *\r\n\tcontrolmaster=auto\r\n${include}\r\n`, want: 2 },
    { name: 'no line below ours', content: `${include}\nHost *\n  ControlMaster auto\n`, want: undefined },
    { name: 'no longer keyword', content: 'ControlMasterX auto\n#ControlMaster auto\n', want: undefined },
  ];
  for (const { name, content, want } of cases) it(`finds ${name}`, () => assert.equal(find(content), want));

  it('knows that ProxyJump keeps a later ProxyCommand from working', () =>
    assert.equal(find(`Host *\n  ProxyJump bastion\n${include}\n`, 'ProxyCommand'), 2));
});

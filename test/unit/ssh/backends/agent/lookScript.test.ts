import assert from 'node:assert/strict';
import { parseReport, parseSighting, portsOf } from '../../../../../src/ssh/backends/agent/lookScript';

describe('parseReport', () => {
  it('reads lines of key=value, each key as often as it comes', () => {
    const report = parseReport('place=/a\nnode=/usr/bin/node\nplace=/b=c');

    assert.deepEqual(report.all('place'), ['/a', '/b=c']);
    assert.equal(report.first('node'), '/usr/bin/node');
    assert.equal(report.first('dir'), undefined);
  });

  const others = ['', '=', 'dir=', ' dir=/a', 'Dir=/a', 'dir /a', 'dir\0=/a', '__proto__=x'];
  for (const line of others) {
    it(`passes over ${JSON.stringify(line)}`, () => assert.deepEqual(parseReport(line).all('dir'), []));
  }
});

describe('parseSighting', () => {
  it('knows an agent that runs, by its folder and its ports', () => {
    const report = 'agent=running\ndir=/home/a/.cache\nstate={"pid":7,"ports":[12001]}\n';

    assert.deepEqual(parseSighting(report), { kind: 'running', dir: '/home/a/.cache', ports: [12_001] });
  });

  it('knows what there is for an agent where none runs', () => {
    const report = [
      'agent=no-secret',
      'old=/usr/bin/node (16.1.0)',
      'broken=/opt/node',
      'node=/usr/local/bin/node',
      'place=/home/a/.cache',
      'place=/tmp/x',
    ].join('\n');

    assert.deepEqual(parseSighting(report), {
      kind: 'absent',
      why: 'no-secret',
      node: '/usr/local/bin/node',
      unfit: ['/usr/bin/node (16.1.0) is too old', '/opt/node fails'],
      places: ['/home/a/.cache', '/tmp/x'],
    });
  });

  const nothing = [
    { name: 'says nothing', report: '' },
    { name: 'says something else', report: 'Welcome!\n\x1b[2J\n' },
    { name: 'names no folder of an agent that runs', report: 'state={"ports":[1]}\ndir=\n' },
  ];
  for (const { name, report } of nothing) {
    it(`takes a sandbox that ${name} for one without an agent and without a Node`, () => {
      assert.deepEqual(parseSighting(report), {
        kind: 'absent',
        why: 'no-answer',
        node: undefined,
        unfit: [],
        places: [],
      });
    });
  }
});

describe('portsOf', () => {
  const states: { state: string | undefined; ports: readonly number[] }[] = [
    { state: '{"ports":[12001,12000]}', ports: [12_001, 12_000] },
    { state: '{"ports":["22",null,1.5,{},[8011],8012]}', ports: [8012] },
    { state: '{"ports":{"length":1,"0":22}}', ports: [] },
    { state: '{"ports":"8011"}', ports: [] },
    { state: '{}', ports: [] },
    { state: 'null', ports: [] },
    { state: '{"ports":[1', ports: [] },
    { state: undefined, ports: [] },
  ];
  for (const { state, ports } of states) {
    it(`reads ${state ?? 'nothing'}`, () => assert.deepEqual(portsOf(state), ports));
  }
});

import assert from 'node:assert/strict';
import type { ExaminedSection } from '../../../src/remote/doctor/examination';
import type { Finding } from '../../../src/remote/doctor/findings';
import { renderReport, summary } from '../../../src/views/doctorReport';

const context = {
  extensionVersion: '0.1.0',
  editor: 'VS Code 1.100.0',
  system: 'Linux 6.1 x64',
  date: new Date(0),
};
const ok: Finding = {
  outcome: 'ok',
  result: 'sshFound',
  values: { program: 'ssh', version: 'OpenSSH_9.2p1' },
};
const warning: Finding = { outcome: 'warning', result: 'direct', values: { certificates: 'none' } };
const problem: Finding = {
  outcome: 'failed',
  result: 'problem',
  values: { message: 'There is no program ssh' },
};

function section(...findings: Finding[]): ExaminedSection[] {
  return [{ subject: 'computer', findings: findings.map((finding) => ({ name: 'ssh', finding })) }];
}

describe('The doctor’s report', () => {
  it('is a line for each finding, with a word for its outcome and what to do', () => {
    const differs: Finding = {
      outcome: 'failed',
      result: 'optionsDiffer',
      values: { count: 1 },
      details: ['ProxyCommand is "none"'],
    };
    const sections: ExaminedSection[] = [
      ...section(ok),
      { subject: 'sandbox', title: 'web', findings: [{ name: 'options', finding: differs }] },
    ];

    assert.equal(
      renderReport(sections, context),
      [
        'Cloud Sandboxes: diagnosis',
        '1970-01-01T00:00:00.000Z · Cloud Sandboxes 0.1.0 · VS Code 1.100.0 · Linux 6.1 x64',
        '1 problem. SSH configuration: One of your options wins over ours (ssh -G):',
        '',
        'This computer',
        '  [ok] SSH client: ssh is OpenSSH_9.2p1',
        '',
        'Sandbox “web”',
        '  [FAILED] SSH configuration: One of your options wins over ours (ssh -G):',
        '      What to do: Move these lines below our Include line, or put them in a Host block that leaves *.sbx out.',
        '      | ProxyCommand is "none"',
        '',
      ].join('\n'),
    );
  });

  it('lets no cloud forge a line', () => {
    const hostile = '\n  [ok] SSH client: all is well\u202e';
    const forged: Finding = {
      outcome: 'failed',
      result: 'echoFails',
      values: { said: hostile },
      details: [hostile],
    };
    const lines = renderReport([{ ...section(forged)[0]!, title: hostile }], context).split('\n');

    assert.equal(lines.filter((line) => line.startsWith('  [ok]')).length, 0);
    assert.equal(lines.length, 9);
  });

  const cases: { findings: Finding[]; want: string }[] = [
    { findings: [ok], want: 'Everything works.' },
    { findings: [ok, warning], want: 'Everything works; there is 1 warning.' },
    { findings: [warning, warning], want: 'Everything works; there are 2 warnings.' },
    { findings: [ok, problem], want: '1 problem. SSH client: There is no program ssh' },
    { findings: [problem, problem], want: '2 problems. The first: SSH client: There is no program ssh' },
    { findings: [ok, { outcome: 'skipped', result: 'cancelled', values: {} }], want: 'Cancelled.' },
  ];
  for (const { findings, want } of cases)
    it(`sums up: ${want}`, () => assert.equal(summary(section(...findings)), want));
});

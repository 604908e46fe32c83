import assert from 'node:assert/strict';
import { examine, type Check, type Section } from '../../../../src/remote/doctor/examination';
import type { CheckName, Finding } from '../../../../src/remote/doctor/findings';

const fine: Finding = { outcome: 'ok', result: 'optionsAgree', values: {} };
const wrong: Finding = { outcome: 'failed', result: 'windowsSilent', values: {} };
const absent: Finding = { outcome: 'skipped', result: 'launcherAbsent', values: {} };

function check(name: CheckName, finding: Finding | (() => Promise<Finding>), needs: CheckName[] = []): Check {
  return { name, needs, run: () => (typeof finding === 'function' ? finding() : Promise.resolve(finding)) };
}

async function results(checks: Check[], signal = new AbortController().signal): Promise<string[]> {
  const sections: Section[] = [{ subject: 'computer', checks }];
  const [section] = await examine(sections, { signal, limitMs: 50 });
  return section!.findings.map(({ name, finding }) => `${name} ${finding.outcome} ${finding.result}`);
}

describe('An examination', () => {
  it('finds what each check finds, in order', async () => {
    assert.deepEqual(await results([check('ssh', fine), check('windows', wrong)]), [
      'ssh ok optionsAgree',
      'windows failed windowsSilent',
    ]);
  });

  it('goes on after a check that failed', async () => {
    const failing = check('ssh', () => Promise.reject(new Error('no such program')));
    assert.deepEqual(await results([failing, check('windows', fine)]), [
      'ssh failed problem',
      'windows ok optionsAgree',
    ]);
  });

  it('says of a problem all that is known', async () => {
    const failing = check('ssh', () => Promise.reject(new Error('cannot', { cause: new Error('because') })));
    const [section] = await examine([{ subject: 'computer', checks: [failing] }], {
      signal: new AbortController().signal,
    });
    assert.deepEqual(section!.findings[0]!.finding.values, { message: 'cannot: because' });
  });

  it('skips what needs a check that failed, and what needs that', async () => {
    assert.deepEqual(
      await results([
        check('lookUp', wrong),
        check('reach', fine, ['lookUp']),
        check('state', fine, ['reach']),
      ]),
      ['lookUp failed windowsSilent', 'reach skipped needsFirst', 'state skipped needsFirst'],
    );
  });

  it('names the check to begin with', async () => {
    const checks = [
      check('lookUp', wrong),
      check('reach', fine, ['lookUp']),
      check('state', fine, ['reach']),
    ];
    const [section] = await examine([{ subject: 'cloud', checks }], { signal: new AbortController().signal });
    assert.deepEqual(section!.findings[2]!.finding.values, { check: 'lookUp' });
  });

  it('does not hold what needs a check that had nothing to look at', async () => {
    assert.deepEqual(await results([check('launcher', absent), check('echo', fine, ['launcher'])]), [
      'launcher skipped launcherAbsent',
      'echo ok optionsAgree',
    ]);
  });

  it('gives each check a limited time', async () => {
    const endless = check('ssh', () => new Promise(() => undefined));
    assert.deepEqual(await results([endless, check('windows', fine)]), [
      'ssh failed problem',
      'windows ok optionsAgree',
    ]);
  });

  it('ends at once when cancelled, and says so of the rest', async () => {
    const cancelled = new AbortController();
    const endless = check('ssh', () => {
      queueMicrotask(() => cancelled.abort());
      return new Promise(() => undefined);
    });
    assert.deepEqual(await results([endless, check('windows', fine)], cancelled.signal), [
      'ssh skipped cancelled',
      'windows skipped cancelled',
    ]);
  });

  it('goes by the latest of several clouds', async () => {
    const sections: Section[] = [
      { subject: 'cloud', title: 'a', checks: [check('lookUp', wrong), check('reach', fine, ['lookUp'])] },
      { subject: 'cloud', title: 'b', checks: [check('lookUp', fine), check('reach', fine, ['lookUp'])] },
    ];
    const examined = await examine(sections, { signal: new AbortController().signal });
    assert.deepEqual(
      examined.map(({ title, findings }) => [title, findings[1]!.finding.outcome]),
      [
        ['a', 'skipped'],
        ['b', 'ok'],
      ],
    );
  });
});

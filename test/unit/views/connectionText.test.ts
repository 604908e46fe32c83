import assert from 'node:assert/strict';
import type { LinkStatus } from '../../../src/remote/linkState';
import { linkText } from '../../../src/views/connectionText';

describe('The status bar’s text', () => {
  const cases: { status: LinkStatus; text: string; severity: string }[] = [
    { status: { kind: 'waiting' }, text: '$(cloud) web', severity: 'none' },
    { status: { kind: 'connecting' }, text: '$(sync~spin) web: connecting', severity: 'none' },
    { status: { kind: 'connected' }, text: '$(cloud) web: connected', severity: 'none' },
    { status: { kind: 'connected', roundTripMs: 23.4 }, text: '$(cloud) web: 23 ms', severity: 'none' },
    { status: { kind: 'connected', roundTripMs: 0.2 }, text: '$(cloud) web: 1 ms', severity: 'none' },
    { status: { kind: 'slow', roundTripMs: 312.7 }, text: '$(watch) web: slow, 313 ms', severity: 'warning' },
    {
      status: { kind: 'reconnecting', attempt: 3 },
      text: '$(sync~spin) web: reconnecting (3)',
      severity: 'warning',
    },
    { status: { kind: 'lost' }, text: '$(debug-disconnect) web: connection lost', severity: 'error' },
    { status: { kind: 'stopped' }, text: '$(debug-stop) web: stopped', severity: 'warning' },
    { status: { kind: 'deleted' }, text: '$(trash) web: deleted', severity: 'error' },
    { status: { kind: 'signed-out' }, text: '$(key) web: signed out', severity: 'error' },
    {
      status: { kind: 'not-running' },
      text: '$(debug-stop) web: local cloud not running',
      severity: 'warning',
    },
  ];
  for (const { status, text, severity } of cases) {
    it(`says “${text}”`, () => {
      const shown = linkText('web', status);
      assert.equal(shown.text, text);
      assert.equal(shown.severity, severity);
    });
  }

  it('explains in the tooltip what the connection said', () => {
    const { tooltip } = linkText('web', { kind: 'connecting', detail: 'Starting sandbox web' });
    assert.equal(tooltip, 'Sandbox “web”\nThe connection is being made.\nStarting sandbox web');
  });

  it('tells what a click is for in the tooltip, not in the menu that it opened', () => {
    const { tooltip, title, explanation } = linkText('web', { kind: 'not-running' });
    assert.equal(tooltip, 'Sandbox “web”\nThe cloud on this computer does not run. Click to start it.');
    assert.equal(title, 'web: local cloud not running');
    assert.equal(explanation, 'The cloud on this computer does not run.');
  });

  it('is spoken without icons', () => {
    const { spoken } = linkText('web', { kind: 'reconnecting', attempt: 2 });
    assert.equal(spoken, 'Cloud sandbox web: reconnecting (2)');
  });

  it('draws no icon and no line that a cloud asks for', () => {
    const hostile = linkText('$(flame) a\nb', { kind: 'lost', detail: 'x\n$(flame)\u202e' });
    assert.equal(hostile.text.split('$(').length, 2);
    assert.ok(!hostile.text.includes('\n'));
    assert.equal(hostile.tooltip.split('\n').length, 3);
    assert.ok(!hostile.tooltip.includes('\u202e'));
  });
});

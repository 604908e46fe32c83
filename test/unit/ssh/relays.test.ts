import assert from 'node:assert/strict';
import type { DialTarget } from '../../../src/ssh/backend';
import { chooseRelay } from '../../../src/ssh/backends/relays';

const tcp: DialTarget = { kind: 'tcp', host: 'localhost', port: 80 };
const unix: DialTarget = { kind: 'unix', path: '/run/x.sock' };

describe('chooseRelay', () => {
  const choices = [
    { tools: ['bash', 'socat', 'node', 'perl'], target: tcp, want: 'perl' },
    { tools: ['bash', 'nc:openbsd', 'python3'], target: tcp, want: 'python3' },
    { tools: ['bash', 'nc:openbsd', 'socat'], target: tcp, want: 'socat' },
    { tools: ['bash', 'nc:openbsd'], target: unix, want: 'nc' },
    { tools: ['nc:traditional', 'node'], target: tcp, want: 'nc' },
    { tools: ['nc:traditional', 'node'], target: unix, want: 'node' },
    { tools: ['zsh', 'bash'], target: tcp, want: 'bash' },
    { tools: ['nc:busybox-applet'], target: tcp, want: 'busybox' },
  ];
  for (const { tools, target, want } of choices) {
    it(`takes ${want} of ${tools.join(', ')} for ${target.kind}`, () => {
      assert.equal(chooseRelay(new Set(tools), target)?.argv[0], want);
    });
  }

  const impossible: { name: string; tools: string[]; target: DialTarget }[] = [
    { name: 'nothing to do it with', tools: [], target: tcp },
    { name: 'a Unix socket with bash alone', tools: ['bash'], target: unix },
    { name: 'a host that looks like an option', tools: ['perl'], target: { ...tcp, host: '-e' } },
    { name: 'a host with shell text', tools: ['bash'], target: { ...tcp, host: '$(id)' } },
    { name: 'port 0', tools: ['perl'], target: { ...tcp, port: 0 } },
    { name: 'a relative path', tools: ['perl'], target: { kind: 'unix', path: 'x.sock' } },
    { name: "a path in socat's own syntax", tools: ['socat'], target: { kind: 'unix', path: '/x,fork' } },
  ];
  for (const { name, tools, target } of impossible) {
    it(`has none for ${name}`, () => assert.equal(chooseRelay(new Set(tools), target), undefined));
  }
});

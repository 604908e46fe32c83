import assert from 'node:assert/strict';
import type { DialTarget } from '../../../src/ssh/backend';
import { chooseRelay, isDialable } from '../../../src/ssh/backends/relays';

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
    { name: "a path in socat's own syntax", tools: ['socat'], target: { kind: 'unix', path: '/x,fork' } },
  ];
  for (const { name, tools, target } of impossible) {
    it(`has none for ${name}`, () => assert.equal(chooseRelay(new Set(tools), target), undefined));
  }
});

describe('isDialable', () => {
  const targets: { name: string; target: DialTarget; want: boolean }[] = [
    { name: 'a name', target: tcp, want: true },
    { name: 'an IPv6 address', target: { ...tcp, host: '::1' }, want: true },
    { name: 'a path with a colon and a comma', target: { kind: 'unix', path: '/tmp/.X11:0,a' }, want: true },
    { name: 'a host that looks like an option', target: { ...tcp, host: '-e' }, want: false },
    { name: 'a host with shell text', target: { ...tcp, host: '$(id)' }, want: false },
    { name: 'port 0', target: { ...tcp, port: 0 }, want: false },
    { name: 'the longest path', target: { kind: 'unix', path: `/${'x'.repeat(106)}` }, want: true },
    { name: 'a path that would be cut', target: { kind: 'unix', path: `/${'x'.repeat(105)}é` }, want: false },
    { name: 'a relative path', target: { kind: 'unix', path: 'x.sock' }, want: false },
  ];
  for (const { name, target, want } of targets) {
    it(`${want ? 'accepts' : 'refuses'} ${name}`, () => assert.equal(isDialable(target), want));
  }
});

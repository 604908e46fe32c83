import assert from 'node:assert/strict';
import { serviceUrl, socketAddress } from '../../../../src/cloud/openhands/addresses';
import { workerUrl } from '../../../../src/cloud/openhands/directSite';

describe('The address of a service in a sandbox', () => {
  const cases = [
    {
      name: 'keeps the path of a cloud that routes by path',
      server: 'https://app.all-hands.dev',
      url: 'https://runtime.example/abc/work-1',
      want: 'https://runtime.example/abc/work-1',
    },
    {
      name: 'keeps the host of a cloud that routes by host',
      server: 'https://app.all-hands.dev',
      url: 'https://work-1-abc.runtime.example/',
      want: 'https://work-1-abc.runtime.example/',
    },
    {
      name: 'on localhost is the host of a server elsewhere',
      server: 'https://openhands.example/app',
      url: 'http://localhost:32768',
      want: 'http://openhands.example:32768/',
    },
    {
      name: 'on 127.0.0.1 is the host of a server elsewhere',
      server: 'http://10.0.0.7:3000',
      url: 'http://127.0.0.1:32768/x/',
      want: 'http://10.0.0.7:32768/x',
    },
    {
      name: 'on all addresses of a server elsewhere is that server’s',
      server: 'https://openhands.example',
      url: 'http://0.0.0.0:32768',
      want: 'http://openhands.example:32768/',
    },
    {
      name: 'on all addresses of this computer is the server’s too',
      server: 'http://127.0.0.1:3000',
      url: 'http://0.0.0.0:32768',
      want: 'http://127.0.0.1:32768/',
    },
    {
      name: 'on this computer stays as it is if the server is here too',
      server: 'http://127.0.0.1:3000',
      url: 'http://127.1.2.3:8000/',
      want: 'http://127.1.2.3:8000/',
    },
    {
      name: 'speaks HTTP where it is told as a WebSocket’s',
      server: 'https://app.all-hands.dev',
      url: 'wss://runtime.example/abc',
      want: 'https://runtime.example/abc',
    },
    {
      name: 'is without the secrets that may be in it',
      server: 'https://app.all-hands.dev',
      url: 'https://user:pass@vscode-abc.example/?tkn=secret&folder=%2Fworkspace#secret',
      want: 'https://vscode-abc.example/',
    },
  ];
  for (const { name, server, url, want } of cases) {
    it(name, () => assert.equal(serviceUrl({ name: 'X', url, port: 1 }, new URL(server)).href, want));
  }

  for (const url of ['', 'no address', 'file:///etc/passwd', 'javascript:alert(1)', 'http://']) {
    it(`is refused if it is ${JSON.stringify(url)}`, () => {
      const server = new URL('https://app.all-hands.dev');

      assert.throws(() => serviceUrl({ name: 'X', url, port: null }, server), { code: 'protocol' });
    });
  }
});

describe('The address of an SSH server', () => {
  const server = new URL('https://openhands.example');
  const cases = [
    { url: 'http://ssh.example:2222', want: { host: 'ssh.example', port: 2222 } },
    { url: 'http://ssh.example:80', want: { host: 'ssh.example', port: 80 } },
    { url: 'ssh://ann@ssh.example', want: { host: 'ssh.example', port: 22, user: 'ann' } },
    { url: 'http://localhost:49200', want: { host: 'openhands.example', port: 49_200 } },
    { url: 'ssh://[2001:db8::1]:2222', want: { host: '2001:db8::1', port: 2222 } },
    { url: 'ssh://50%@ssh.example', want: { host: 'ssh.example', port: 22, user: '50%' } },
  ];
  for (const { url, want } of cases) {
    it(`is read from ${url}`, () => {
      assert.deepEqual(socketAddress({ name: 'SSH', url, port: null }, server), want);
    });
  }

  for (const url of ['', 'ssh -p 2222 openhands@ssh.example', 'ssh.example:2222', 'http://']) {
    it(`is none if it is ${JSON.stringify(url)}`, () => {
      assert.equal(socketAddress({ name: 'SSH', url, port: null }, server), undefined);
    });
  }
});

describe('The worker port of an agent-server without a cloud', () => {
  const cases = [
    { server: 'http://127.0.0.1:8000', want: 'http://127.0.0.1:12001/' },
    { server: 'http://server.example:8000/abc', want: 'http://server.example:8000/abc/work-2' },
    { server: 'https://server.example:8443', want: 'https://server.example:12001/' },
    { server: 'https://abc.runtime.example', want: 'https://work-2-abc.runtime.example/' },
    { server: 'https://runtime.example/abc', want: 'https://runtime.example/abc/work-2' },
  ];
  for (const { server, want } of cases) {
    it(`of ${server} is ${want}`, () =>
      assert.equal(workerUrl(new URL(server), 'WORKER_2', 12_001).href, want));
  }
});

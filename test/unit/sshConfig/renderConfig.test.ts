import assert from 'node:assert/strict';
import { commonOptions, optionsFor, parseSshVersion } from '../../../src/sshConfig/hostOptions';
import { renderConfig, type HostConfig } from '../../../src/sshConfig/renderConfig';

const config: HostConfig = {
  editor: 'vscode',
  aliases: ['b-bbbbbbbbbbbb.vscode.sbx', 'a-aaaaaaaaaaaa.vscode.sbx'],
  launcher: '/home/jo/.ssh/cloud-sandboxes/vscode-connect',
  knownHosts: '/home/jo/.ssh/cloud-sandboxes/vscode.known_hosts',
  home: '/home/jo',
  client: { major: 9, minor: 2 },
  platform: 'linux',
};

describe('renderConfig', () => {
  const text = renderConfig(config);

  it('names each sandbox, sorted, before what they share', () => {
    const hosts = text.split('\n').filter((line) => line.startsWith('Host '));
    assert.deepEqual(hosts, [
      'Host a-aaaaaaaaaaaa.vscode.sbx',
      'Host b-bbbbbbbbbbbb.vscode.sbx',
      'Host *.vscode.sbx',
    ]);
  });

  it('gives each sandbox a HostName, HostKeyAlias and ProxyCommand of its own', () => {
    assert.ok(
      text.includes(
        [
          'Host a-aaaaaaaaaaaa.vscode.sbx',
          '  HostName a-aaaaaaaaaaaa.vscode.sbx',
          '  HostKeyAlias a-aaaaaaaaaaaa.vscode.sbx',
          '  ProxyCommand "/bin/sh" "/home/jo/.ssh/cloud-sandboxes/vscode-connect" a-aaaaaaaaaaaa.vscode.sbx',
          '',
        ].join('\n'),
      ),
    );
  });

  it('has Windows run the launcher by itself', () => {
    const launcher = 'C:\\Users\\jo\\.ssh\\cloud-sandboxes\\vscode-connect.cmd';
    const onWindows = renderConfig({ ...config, launcher, platform: 'win32' });

    assert.match(onWindows, /ProxyCommand "C:\/Users\/jo\/\.ssh\/cloud-sandboxes\/vscode-connect\.cmd"$/m);
  });

  it('has no token: a shell must not see a host name that somebody else chose', () => {
    assert.doesNotMatch(text, /%[a-zA-Z]/);
  });

  it('does not turn off forwarding', () => assert.doesNotMatch(text, /ClearAllForwardings yes/));

  it('has no option outside a Host block', () => {
    const [head = ''] = text.split('\nHost ');
    assert.match(head, /^(#.*\n)*$/);
  });
});

/** First release of each keyword we use; OpenSSH 7.3, the first with Include, knows those marked 0. */
const releases: Record<string, number> = {
  RemoteCommand: 7.6,
  SetEnv: 7.8,
  KnownHostsCommand: 8.5,
  Tag: 9.4,
};

describe('options for a client', () => {
  for (const client of [undefined, { major: 7, minor: 3 }, { major: 7, minor: 5 }]) {
    it(`are those that OpenSSH 7.3 has, for ${client ? `${client.major}.${client.minor}` : 'an unknown one'}`, () => {
      for (const { keyword } of optionsFor(client)) assert.equal(releases[keyword] ?? 0, 0, keyword);
    });
  }

  for (const client of [
    { major: 7, minor: 6 },
    { major: 8, minor: 1 },
    { major: 10, minor: 0 },
  ]) {
    it(`are all for ${client.major}.${client.minor}`, () =>
      assert.deepEqual(optionsFor(client), commonOptions));
  }
});

describe('parseSshVersion', () => {
  const outputs = [
    { output: 'OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19', want: { major: 9, minor: 2 } },
    { output: 'OpenSSH_for_Windows_8.1p1, LibreSSL 3.0.2', want: { major: 8, minor: 1 } },
    { output: 'OpenSSH_10.1p1', want: { major: 10, minor: 1 } },
    { output: 'warning: x\nOpenSSH_7.4p1, OpenSSL 1.0.2k', want: { major: 7, minor: 4 } },
    { output: 'Sun_SSH_1.1', want: undefined },
    { output: '', want: undefined },
  ];
  for (const { output, want } of outputs) {
    it(`reads ${JSON.stringify(output)}`, () => assert.deepEqual(parseSshVersion(output), want));
  }
});

/** Clients other than the system's OpenSSH: an OpenSSH of 2017, Dropbear, PuTTY. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { sha256 } from '../../helpers/remoteProcess';
import type { Outcome, SshHost } from '../../helpers/sshHost';
import { define, type Case } from '../case';
import type { Target } from '../target';

const DATA = randomBytes(5_000_000);

interface Client {
  readonly name: string;
  /** Runs a command line in the sandbox. */
  readonly run: (target: Target, command: string, input?: Buffer) => Promise<Outcome>;
}

/** What the configuration says of a host, for clients that cannot read it. */
async function settingsOf(host: SshHost): Promise<(keyword: string) => string | undefined> {
  const { stdout } = await host.run('ssh', ['-G', host.alias]);
  const lines = stdout.toString().split('\n');
  return (keyword) => lines.find((line) => line.startsWith(`${keyword} `))?.slice(keyword.length + 1);
}

const clients: readonly Client[] = [
  {
    name: 'OpenSSH 7.5',
    run: ({ host, dir }, command, input) => {
      // As it is written where ssh is that old (src/sshConfig/hostOptions.ts).
      const config = path.join(dir, 'config');
      writeFileSync(config, readFileSync(host.configFile, 'utf8').replace(/^ *RemoteCommand .*$/m, ''));
      return host.runPlain('ssh1', ['-F', config, host.alias, command], input);
    },
  },
  {
    name: "Dropbear's dbclient",
    run: async (target, command, input) => {
      const { host } = target;
      const settings = await settingsOf(host);
      const proxy = settings('proxycommand');
      // It keeps its own list of hosts, hence -y -y: take any.
      const way = proxy
        ? ['-J', proxy]
        : [
            ...['-p', settings('port')!, '-i'],
            await convertedKey(target, 'dropbearconvert', ['openssh', 'dropbear', settings('identityfile')!]),
          ];
      const destination = `${settings('user')!}@${settings('hostname')!}`;
      return host.runPlain('dbclient', ['-y', '-y', ...way, destination, command], input);
    },
  },
  {
    name: "PuTTY's plink",
    run: async (target, command, input) => {
      const { host } = target;
      const settings = await settingsOf(host);
      const proxy = settings('proxycommand');
      const way = proxy
        ? ['-proxycmd', proxy]
        : [
            '-P',
            settings('port')!,
            '-i',
            await convertedKey(target, 'puttygen', [settings('identityfile')!, '-O', 'private', '-o']),
          ];
      const fingerprint = await fingerprintOf(host, settings('userknownhostsfile')!);
      const known = ['-batch', '-ssh', '-hostkey', fingerprint, '-l', settings('user')!];
      return host.runPlain('plink', [...known, ...way, settings('hostname')!, command], input);
    },
  },
];

/** A key file in a client's own form. The converter takes the file to write as its last argument. */
async function convertedKey(
  { host, dir }: Target,
  converter: string,
  args: readonly string[],
): Promise<string> {
  const converted = path.join(dir, 'key');
  const { code, stderr } = await host.runPlain(converter, [...args, converted]);
  assert.equal(code, 0, stderr);
  return converted;
}

async function fingerprintOf(host: SshHost, knownHosts: string): Promise<string> {
  const { stdout } = await host.runPlain('ssh-keygen', ['-l', '-f', knownHosts]);
  const [fingerprint] = /SHA256:\S+/.exec(String(stdout)) ?? [];
  assert.ok(fingerprint);
  return fingerprint;
}

export const clientCases: readonly Case[] = clients.flatMap(({ name, run }) => [
  define({
    name: `${name}: runs a command, with its outputs and its exit code`,
    run: async (target) => {
      const { code, stdout, stderr } = await run(target, 'echo out; echo err >&2; exit 3');
      return { code, stdout: String(stdout), err: /^err$/m.test(stderr) };
    },
    check: (result) => assert.deepEqual(result, { code: 3, stdout: 'out\n', err: true }),
  }),
  define({
    name: `${name}: carries 5 MB in and out`,
    run: async (target) => {
      const { code, stdout } = await run(target, 'tee work/data', DATA);
      return { code, stdout: sha256(stdout) };
    },
    check: (result, effects) => {
      assert.deepEqual(result, { code: 0, stdout: sha256(DATA) });
      assert.equal(effects['data'], `644 ${sha256(DATA)}`);
    },
  }),
]);

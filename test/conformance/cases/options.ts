import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import * as path from 'node:path';
import { eventually } from '../../helpers/eventually';
import { sha256 } from '../../helpers/remoteProcess';
import { define, type Case } from '../case';
import { command } from '../commands';
import { inParallel } from '../parallel';
import { withMaster } from '../master';

const DATA = randomBytes(20_000_000);
const HASH = sha256(DATA);

/** What releases of OpenSSH have as their first choice, or as the only one that old servers and rules leave. */
const ALGORITHMS: readonly { name: string; options: readonly string[] }[] = [
  { name: 'key exchange of OpenSSH 6.5 to 8.9', options: ['KexAlgorithms=curve25519-sha256@libssh.org'] },
  { name: 'key exchange by its registered name', options: ['KexAlgorithms=curve25519-sha256'] },
  { name: 'key exchange of OpenSSH 5.7', options: ['KexAlgorithms=ecdh-sha2-nistp256'] },
  { name: 'key exchange on another curve', options: ['KexAlgorithms=ecdh-sha2-nistp521'] },
  {
    name: 'key exchange in a group that the server chooses, or another',
    options: ['KexAlgorithms=diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256'],
  },
  { name: 'key exchange in a group of RFC 8268', options: ['KexAlgorithms=diffie-hellman-group14-sha256'] },
  { name: 'cipher of OpenSSH 6.5 and later', options: ['Ciphers=chacha20-poly1305@openssh.com'] },
  { name: 'cipher of OpenSSH 3.9 to 6.4', options: ['Ciphers=aes128-ctr', 'MACs=hmac-sha2-256'] },
  {
    name: 'cipher with a MAC of the ciphertext',
    options: ['Ciphers=aes256-ctr', 'MACs=hmac-sha2-256-etm@openssh.com'],
  },
  { name: 'cipher with a long MAC', options: ['Ciphers=aes192-ctr', 'MACs=hmac-sha2-512-etm@openssh.com'] },
  { name: 'cipher of FIPS rules', options: ['Ciphers=aes256-gcm@openssh.com'] },
  { name: 'cipher of FIPS rules, the short key', options: ['Ciphers=aes128-gcm@openssh.com'] },
  { name: 'host key algorithm', options: ['HostKeyAlgorithms=ssh-ed25519'] },
  { name: 'compression', options: ['Compression=yes'] },
];

/** Options that change what the client says, but not what it does. */
const HARMLESS: readonly { name: string; options: readonly string[] }[] = [
  { name: 'in batch mode', options: ['-o', 'BatchMode=yes'] },
  { name: 'over IPv4 alone', options: ['-4'] },
  { name: 'with a class of service', options: ['-o', 'IPQoS=throughput'] },
  { name: 'with an escape character', options: ['-e', 'none'] },
  { name: 'quietly', options: ['-q'] },
  { name: 'with TCP keep-alives off', options: ['-o', 'TCPKeepAlive=no'] },
  {
    name: 'without its own commands of the config',
    options: ['-o', 'RemoteCommand=none', '-o', 'PermitLocalCommand=no'],
  },
  { name: 'with X11 forwarding', options: ['-X'] },
  { name: 'with trusted X11 forwarding', options: ['-Y'] },
];

const rekeying = [
  { way: 'out of the sandbox', line: 'cat work/data' },
  { way: 'into the sandbox', line: 'cat >work/data' },
  { way: 'in both directions', line: 'tee work/data' },
];

export const optionCases: readonly Case[] = [
  ...ALGORITHMS.map(({ name, options }) =>
    define({
      name: `works with the ${name}: ${options.join(' ')}`,
      run: async ({ host }) => {
        const args = options.flatMap((option) => ['-o', option]);
        const { code, stdout } = await host.run(
          'ssh',
          [...args, host.alias, 'cat'],
          DATA.subarray(0, 2_000_000),
        );
        return { code, stdout: sha256(stdout) };
      },
      check: (result) => assert.deepEqual(result, { code: 0, stdout: sha256(DATA.subarray(0, 2_000_000)) }),
    }),
  ),
  ...HARMLESS.map(({ name, options }) => command(`runs ${name}`, 'echo fine', { options, stdout: 'fine\n' })),
  define({
    name: 'tells all that it does with -vvv, and the same comes out',
    run: async ({ host }) => {
      const { code, stdout, stderr } = await host.run('ssh', ['-vvv', host.alias, 'echo fine']);
      return { code, stdout: String(stdout), authenticated: stderr.includes('Authenticated to') };
    },
    check: (result) => assert.deepEqual(result, { code: 0, stdout: 'fine\n', authenticated: true }),
  }),
  define({
    name: 'refuses a cipher that it does not have',
    run: async ({ host }) => {
      const { code, stderr } = await host.run('ssh', ['-c', '3des-cbc', host.alias, 'echo fine']);
      return { code, refused: stderr.includes('no matching cipher found') };
    },
    check: (result) => assert.deepEqual(result, { code: 255, refused: true }),
  }),
  define({
    name: 'refuses a host that is not the one that is known',
    run: async ({ host, dir }) => {
      const known = path.join(dir, 'known_hosts');
      writeFileSync(known, '');
      const options = ['-o', `UserKnownHostsFile=${known}`, '-o', 'StrictHostKeyChecking=yes'];
      const { code, stderr } = await host.run('ssh', [...options, host.alias, 'echo fine']);
      return { code, refused: stderr.includes('Host key verification failed') };
    },
    check: (result) => assert.deepEqual(result, { code: 255, refused: true }),
  }),
  ...rekeying.map(({ way, line }) =>
    define({
      name: `changes keys under load ${way} (RekeyLimit)`,
      run: async ({ host, work }) => {
        writeFileSync(path.join(work, 'data'), DATA);
        const isUpload = line !== 'cat work/data';
        const args = ['-v', '-o', 'RekeyLimit=1M', host.alias, line];
        const { code, stdout, stderr } = await host.run('ssh', args, isUpload ? DATA : '');
        const rekeys =
          stderr.split('rekeying in progress').length - 1 + stderr.split('SSH2_MSG_NEWKEYS sent').length - 1;
        return { code, stdout: stdout.length > 0 && sha256(stdout), isRekeyed: rekeys >= 5 };
      },
      check: ({ code, stdout, isRekeyed }, effects) => {
        assert.equal(code, 0);
        assert.equal(stdout, line === 'cat >work/data' ? false : HASH);
        assert.equal(effects['data'], `644 ${HASH}`);
        assert.ok(isRekeyed, 'the keys were not changed');
      },
    }),
  ),
  command('answers keepalives while a command is silent', 'sleep 5.5; echo alive', {
    options: ['-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=3'],
    stdout: 'alive\n',
  }),
  define({
    name: 'carries 50 sessions at once over one connection (ControlMaster)',
    run: (target) =>
      withMaster(target, async (ssh) => {
        const answers: string[] = [];
        const sessions = Array.from({ length: 50 }, async (_, index) => {
          const line = `: >work/${index}; until [ -e work/go ]; do sleep 0.3; done; echo ${index}`;
          answers[index] = String((await ssh(line)).stdout);
        });
        // All 50 are open before the first of them ends.
        await eventually(() => assert.equal(readdirSync(target.work).length, 50), 30_000);
        writeFileSync(path.join(target.work, 'go'), '');
        await Promise.all(sessions);
        return { answers };
      }),
    check: ({ answers }) =>
      assert.deepEqual(
        answers,
        Array.from({ length: 50 }, (_, index) => `${index}\n`),
      ),
  }),
  define({
    name: 'a shared connection is checked, adds and cancels a forward, and ends (ssh -O)',
    run: (target) =>
      withMaster(target, async (_ssh, socket) => {
        const { host, dir, servers } = target;
        const control = (...args: string[]): ReturnType<typeof host.run> =>
          host.run('ssh', ['-S', socket, '-O', ...args, host.alias]);
        const forward = `${path.join(dir, 'f')}:127.0.0.1:${servers.burst.port}`;
        const codes: (number | null)[] = [];
        for (const args of [['check'], ['forward', '-L', forward], ['cancel', '-L', forward], ['stop']]) {
          codes.push((await control(...args)).code);
        }
        return { codes };
      }),
    check: ({ codes }) => assert.deepEqual(codes, [0, 0, 0, 0]),
  }),
  define({
    name: 'serves several connections at once',
    run: async ({ host }) => {
      const codes: (number | null)[] = [];
      await inParallel(
        Array.from({ length: 10 }, (_, index) => index),
        async (index) => {
          codes[index] = (await host.ssh(`exit ${index}`)).code;
        },
      );
      return { codes };
    },
    check: ({ codes }) =>
      assert.deepEqual(
        codes,
        Array.from({ length: 10 }, (_, index) => index),
      ),
  }),
];

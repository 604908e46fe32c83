import assert from 'node:assert/strict';
import { KnownHosts, OVERLAP_MS } from '../../../src/sshConfig/knownHosts';

const alias = 'a-aaaaaaaaaaaa.vscode.sbx';
const key = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBzm';
const now = Date.UTC(2026, 0, 1);

describe('known_hosts', () => {
  /** As another window finds it, after so many milliseconds. */
  const reread = (hosts: KnownHosts, later = 0): string =>
    KnownHosts.parse(hosts.format(now + later)).format(now + later);

  it('has a line for each sandbox, in a fixed order', () => {
    const hosts = new KnownHosts();
    hosts.set({ alias: `b-${alias}`, hostKey: key }, now);
    hosts.set({ alias, hostKey: key }, now);

    assert.equal(reread(hosts), `${alias} ${key}\nb-${alias} ${key}\n`);
    assert.deepEqual(hosts.aliases.sort(), [alias, `b-${alias}`]);
  });

  const dropped = ['', '# comment', `* ${key}`, `@cert-authority ${alias} ${key}`, `${alias} ssh-rsa AAAA`];
  const damaged = [`${alias} ${key}8 comment`, `${alias} ${key}8 until=soon`, `${alias} ${key}8 until=`];
  for (const line of [...dropped, ...damaged, `${alias},* ${key}`, `|1|x= ${key}`]) {
    it(`loses what is not ours: ${JSON.stringify(line)}`, () =>
      assert.equal(KnownHosts.parse(`${line}\r\n${alias} ${key}\n`).format(now), `${alias} ${key}\n`));
  }

  it('has keys in use side by side where editors share the sandbox, each of which goes when it is replaced', () => {
    const hosts = new KnownHosts();
    hosts.set({ alias, hostKey: key }, now);
    hosts.share({ alias, hostKey: `${key}2` });
    assert.equal(reread(hosts, OVERLAP_MS), `${alias} ${key}\n${alias} ${key}2\n`);

    hosts.set({ alias, hostKey: `${key}3` }, now);
    hosts.share({ alias, hostKey: `${key}2` });
    assert.equal(reread(hosts, OVERLAP_MS), `${alias} ${key}2\n${alias} ${key}3\n`);
  });

  describe('while a key is replaced', () => {
    let hosts: KnownHosts;
    beforeEach(() => {
      hosts = new KnownHosts();
      hosts.set({ alias, hostKey: key }, now);
    });

    it('has the one that is announced, and then the one that was in use, for as long as one may meet them', () => {
      hosts.announce({ alias, hostKey: `${key}2` }, now);
      assert.equal(reread(hosts), `${alias} ${key}\n${alias} ${key}2 until=2026-01-01T00:05:00.000Z\n`);

      hosts.set({ alias, hostKey: `${key}2` }, now);
      assert.equal(reread(hosts), `${alias} ${key} until=2026-01-01T00:05:00.000Z\n${alias} ${key}2\n`);
    });

    it('has only the one in use after that', () => {
      hosts.set({ alias, hostKey: `${key}2` }, now);

      assert.equal(reread(hosts, OVERLAP_MS - 1).split('\n').length, 3);
      assert.equal(reread(hosts, OVERLAP_MS), `${alias} ${key}2\n`);
    });

    it('does not take the one in use for a passing one', () => {
      hosts.announce({ alias, hostKey: key }, now);

      assert.equal(reread(hosts, OVERLAP_MS), `${alias} ${key}\n`);
    });

    it('has no replaced key for ever after the clock was set back', () => {
      hosts.set({ alias, hostKey: `${key}2` }, now);

      assert.equal(reread(hosts, -1_000_000), `${alias} ${key}2\n`);
    });

    const cases: { when: string; hostKey: string; later: number; accepts: boolean }[] = [
      { when: 'the one in use, always', hostKey: `${key}2`, later: 10 * OVERLAP_MS, accepts: true },
      { when: 'the one before, for a while', hostKey: key, later: 1000, accepts: true },
      {
        when: 'not the one before, shortly before it goes',
        hostKey: key,
        later: OVERLAP_MS - 1,
        accepts: false,
      },
      { when: 'not the one before, with a clock that was set back', hostKey: key, later: -1, accepts: false },
      { when: 'no other', hostKey: `${key}3`, later: 0, accepts: false },
    ];
    for (const { when, hostKey, later, accepts } of cases) {
      it(`accepts ${when}`, () => {
        hosts.set({ alias, hostKey: `${key}2` }, now);

        assert.equal(hosts.accepts({ alias, hostKey }, now + later), accepts);
      });
    }

    it('keeps the latest few, however often that happens', () => {
      for (let count = 2; count < 100; count++) hosts.set({ alias, hostKey: `${key}${count}` }, now + count);

      const lines = reread(hosts, 100);
      assert.equal(lines.trim().split('\n').length, 9);
      for (const count of [99, 98, 91]) assert.match(lines, new RegExp(`${key}${count}( until|\\n)`));
    });
  });
});

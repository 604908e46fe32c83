import assert from 'node:assert/strict';
import { boxArguments, enterArguments } from '../../../src/localCloud/runtimes/namespaces';

const box = { id: 'a', hostname: 'a', dir: '/state/a', env: {}, network: true };
const folders = { home: '/state/a/home', workspace: '/state/a/workspace', etc: '/state/a/etc' };

describe('boxArguments', () => {
  const of = (userNamespace: 'none' | 'nested' | 'single', network = true) =>
    boxArguments({ ...box, network }, folders, { userNamespace, dropCapabilities: false }, []);

  it('make a box that ends with the server', () => assert.ok(of('none').includes('--die-with-parent')));

  it('share the network unless told not to', () => {
    assert.ok(!of('none').includes('--unshare-net'));
    assert.ok(of('none', false).includes('--unshare-net'));
  });

  for (const userNamespace of ['none', 'nested'] as const) {
    it(`protect the settings of the kernel from root (${userNamespace})`, () => {
      assert.match(of(userNamespace).join(' '), /--ro-bind \/proc\/sys \/proc\/sys/);
    });
  }

  it('keep root out of the namespace that owns the mounts', () => {
    assert.ok(of('nested').includes('--disable-userns'));
    // An ordinary user could not enter a nested one.
    assert.ok(!of('single').includes('--disable-userns'));
  });
});

describe('enterArguments', () => {
  const entry = { pid: 7, network: true, workingDir: '/' };

  it('take a command that looks like an option as a command', () => {
    const confinement = { userNamespace: 'single', dropCapabilities: false } as const;
    const args = enterArguments({ ...entry, confinement }, ['--help']);

    assert.deepEqual(args.slice(-2), ['--', '--help']);
  });

  it('drop all capabilities but those of a container', () => {
    const confinement = { userNamespace: 'none', dropCapabilities: true } as const;
    const args = enterArguments({ ...entry, confinement }, ['id']).join(' ');

    assert.match(args, /setpriv --no-new-privs --bounding-set=-all,\+audit_write,\+chown/);
    assert.doesNotMatch(args, /sys_admin|mknod/);
  });
});

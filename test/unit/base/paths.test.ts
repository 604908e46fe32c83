import assert from 'node:assert/strict';
import * as os from 'node:os';
import { dataDir, runtimeDir, sshHome, type Surroundings } from '../../../src/base/paths';
import { skipFor } from '../../helpers/require';

const linux: Surroundings = {
  platform: 'linux',
  env: {},
  home: '/home/jo',
  temporary: '/tmp',
  user: 1000,
  owns: () => true,
};
const mac: Surroundings = {
  platform: 'darwin',
  env: { TMPDIR: '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T' },
  home: '/Users/jo',
  temporary: '/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T',
  user: 501,
  owns: () => true,
};
const windows: Surroundings = {
  platform: 'win32',
  env: { LOCALAPPDATA: 'C:\\Users\\Jo D\\AppData\\Local' },
  home: 'C:\\Users\\Jo D',
  temporary: 'C:\\Users\\Jo D\\AppData\\Local\\Temp',
  user: undefined,
  owns: () => true,
};

describe('dataDir', () => {
  const cases: { name: string; where: Surroundings; want: string }[] = [
    { name: 'on Linux', where: linux, want: '/home/jo/.local/share/cloud-sandboxes' },
    {
      name: 'where XDG_DATA_HOME says',
      where: { ...linux, env: { XDG_DATA_HOME: '/data' } },
      want: '/data/cloud-sandboxes',
    },
    {
      name: 'at the usual place if XDG_DATA_HOME is relative, which the specification forbids',
      where: { ...linux, env: { XDG_DATA_HOME: 'data' } },
      want: '/home/jo/.local/share/cloud-sandboxes',
    },
    {
      name: 'in a snap, whose own folder goes with one of its next releases',
      where: {
        ...linux,
        env: {
          SNAP_USER_DATA: '/home/jo/snap/code/257',
          XDG_DATA_HOME: '/home/jo/snap/code/257/.local/share',
          XDG_DATA_HOME_VSCODE_SNAP_ORIG: '',
        },
      },
      want: '/home/jo/.local/share/cloud-sandboxes',
    },
    {
      name: 'where XDG_DATA_HOME said before a snap changed it',
      where: {
        ...linux,
        env: {
          SNAP_USER_DATA: '/home/jo/snap/code/257',
          XDG_DATA_HOME: '/home/jo/snap/code/257/.local/share',
          XDG_DATA_HOME_VSCODE_SNAP_ORIG: '/data',
        },
      },
      want: '/data/cloud-sandboxes',
    },
    {
      name: 'on a Mac, where builds in boxes need a path without spaces',
      where: mac,
      want: '/Users/jo/.local/share/cloud-sandboxes',
    },
    { name: 'on Windows', where: windows, want: 'C:\\Users\\Jo D\\AppData\\Local\\cloud-sandboxes' },
    {
      name: 'on Windows without LOCALAPPDATA',
      where: { ...windows, env: {} },
      want: 'C:\\Users\\Jo D\\AppData\\Local\\cloud-sandboxes',
    },
    {
      name: 'where CLOUD_SANDBOXES_HOME says',
      where: { ...windows, env: { CLOUD_SANDBOXES_HOME: 'D:\\boxes' } },
      want: 'D:\\boxes',
    },
  ];
  for (const { name, where, want } of cases) it(`is right ${name}`, () => assert.equal(dataDir(where), want));
});

describe('runtimeDir', () => {
  const cases: { name: string; where: Surroundings; want: string }[] = [
    {
      name: 'in a Linux session',
      where: { ...linux, env: { XDG_RUNTIME_DIR: '/run/user/1000' } },
      want: '/run/user/1000/cloud-sandboxes',
    },
    { name: 'on Linux without a session', where: linux, want: '/tmp/cloud-sandboxes-1000' },
    {
      name: 'on Linux with a XDG_RUNTIME_DIR that is too long for sockets',
      where: { ...linux, env: { XDG_RUNTIME_DIR: `/${'x'.repeat(40)}` } },
      want: '/tmp/cloud-sandboxes-1000',
    },
    {
      name: 'on Linux with the XDG_RUNTIME_DIR of another user, or one that is not there',
      where: { ...linux, env: { XDG_RUNTIME_DIR: '/run/user/1001' }, owns: () => false },
      want: '/tmp/cloud-sandboxes-1000',
    },
    { name: 'on a Mac, whose TMPDIR is long', where: mac, want: '/tmp/cloud-sandboxes-501' },
    {
      name: 'on Windows',
      where: windows,
      want: 'C:\\Users\\Jo D\\AppData\\Local\\cloud-sandboxes\\run',
    },
    {
      name: 'on Windows, where CLOUD_SANDBOXES_HOME says',
      where: { ...windows, env: { CLOUD_SANDBOXES_HOME: 'D:\\boxes' } },
      want: 'D:\\boxes\\run',
    },
  ];
  for (const { name, where, want } of cases) {
    it(`is right ${name}`, () => assert.equal(runtimeDir(where), want));
  }

  it('leaves room for a socket’s name in 104 bytes', () => {
    const longest = `/code-insiders-4194304-00000000.sock`;
    for (const where of [linux, mac]) assert.ok(`${runtimeDir(where)}${longest}`.length < 104);
  });

  it('is another one for another CLOUD_SANDBOXES_HOME', () => {
    const of = (home: string): string => runtimeDir({ ...linux, env: { CLOUD_SANDBOXES_HOME: home } });
    assert.notEqual(of('/a'), of('/b'));
    assert.equal(of('/a'), of('/a/'));
    assert.match(of('/a'), /^\/tmp\/cloud-sandboxes-1000-[0-9a-f]{8}$/);
  });
});

describe('sshHome', () => {
  it('is that of the password database', () => assert.equal(sshHome(), os.userInfo().homedir));

  it('is the usual one for a user who is in none', function () {
    if (process.geteuid?.() !== 0) skipFor(this, 'only root can become another user');
    process.seteuid?.(54_321);
    try {
      assert.throws(() => os.userInfo());
      assert.equal(sshHome(), os.homedir());
    } finally {
      process.seteuid?.(0);
    }
  });
});

import assert from 'node:assert/strict';
import { EditConsent } from '../../../src/remote/editConsent';
import { OpenFlow, type OpenHost, type OpenOutcome, type TargetWindow } from '../../../src/remote/openFlow';
import { localAccount } from '../../../src/sandboxes/account';
import { MemoryState } from '../../helpers/memoryState';

const ref = { account: localAccount, sandbox: { id: 'id1', name: 'box', status: 'running' as const } };
const alias = 'box-abc.vscode.sbx';
const authority = `ssh-remote+${alias}`;
const userFile = '/home/me/.ssh/config';
const setting = { name: 'remote.SSH.connectTimeout', value: 240, reach: 'all-hosts' as const };

/** An editor whose person says yes to everything, and a record of what happened. */
function createHost(changes: Partial<OpenHost> = {}): { host: OpenHost; happened: string[] } {
  const happened: string[] = [];
  const host: OpenHost = {
    canOpenRemotes: true,
    uriScheme: 'vscode',
    isInstalled: (id) => id === 'ms-vscode-remote.remote-ssh',
    install: (id) => Promise.resolve(void happened.push(`install ${id}`)),
    openFolder: ({ authority, path }, window) =>
      Promise.resolve(void happened.push(`open ${authority} ${path} in ${window} window`)),
    openEmptyWindow: (where) => Promise.resolve(void happened.push(`open a window in ${where}`)),
    offerTerminal: () => Promise.resolve(true),
    offerInstall: () => Promise.resolve('install'),
    askToChange: ({ files, settings }) => {
      happened.push(`ask ${[...files, ...settings.map(({ name }) => name)].join()}`);
      return Promise.resolve('all');
    },
    askFolder: () => Promise.resolve('/typed'),
    warnOfObstacles: (obstacles) => void happened.push(`warn ${obstacles.join()}`),
    withProgress: (work) => work({ signal: new AbortController().signal, report: () => undefined }),
    ...changes,
  };
  return { host, happened };
}

describe('OpenFlow', () => {
  let consent: EditConsent;
  let filesToEdit: string[];
  let settings: (typeof setting)[];
  let decided: boolean[];
  let obstacles: string[];
  let folder: string | undefined;
  let isOpen: boolean;
  let expected: string[];
  let flow: OpenFlow;

  const open = (window: TargetWindow, host: OpenHost): Promise<OpenOutcome> =>
    flow.open({ ref, window }, host);

  beforeEach(() => {
    consent = new EditConsent(new MemoryState());
    filesToEdit = [];
    settings = [];
    decided = [];
    obstacles = [];
    folder = '/workspace';
    isOpen = false;
    expected = [];
    flow = new OpenFlow({
      opener: {
        remoteSandbox: (_ref, _progress, warn, wanted) => {
          if (obstacles.length > 0) warn(obstacles);
          return Promise.resolve({ alias, authority, path: wanted ?? folder });
        },
      },
      ssh: { filesToEdit: () => Promise.resolve(filesToEdit) },
      consent,
      settings: {
        unasked: () => settings,
        decide: (allowed) => Promise.resolve(void decided.push(allowed)),
      },
      emptyWindows: { expect: (sandbox) => Promise.resolve(void expected.push(sandbox)) },
      isOpen: (candidate) => isOpen && candidate === alias,
    });
  });

  for (const window of ['this', 'new'] as const) {
    it(`opens the folder in ${window} window`, async () => {
      const { host, happened } = createHost();

      assert.equal(await open(window, host), 'opened');
      assert.deepEqual(happened, [`open ${authority} /workspace in ${window} window`]);
    });
  }

  it('asks once before the user’s SSH configuration is edited', async () => {
    filesToEdit = [userFile];
    const first = createHost();
    await open('this', first.host);
    assert.equal(first.happened[0], `ask ${userFile}`);

    const second = createHost();
    await open('this', second.host);
    assert.equal(second.happened.length, 1);
  });

  it('asks again for another file: the person allowed the first only', async () => {
    filesToEdit = [userFile];
    await open('this', createHost().host);
    filesToEdit = [userFile, '/etc/other'];
    const { host, happened } = createHost();
    await open('this', host);

    assert.equal(happened[0], 'ask /etc/other');
  });

  it('asks again once all was taken back', async () => {
    filesToEdit = [userFile];
    await open('this', createHost().host);
    await consent.withdraw();
    const { host, happened } = createHost();
    await open('this', host);

    assert.equal(happened[0], `ask ${userFile}`);
  });

  it('does nothing when the person does not allow the edit, and asks again next time', async () => {
    filesToEdit = [userFile];
    const { host, happened } = createHost({ askToChange: () => Promise.resolve(undefined) });

    assert.equal(await open('this', host), 'declined');
    assert.deepEqual(happened, []);
    assert.deepEqual(consent.missing(filesToEdit), filesToEdit);
  });

  for (const { answer, allowed } of [
    { answer: 'all', allowed: true },
    { answer: 'files', allowed: false },
  ] as const) {
    it(`keeps the answer about settings, ${answer}, and opens`, async () => {
      filesToEdit = [userFile];
      settings = [setting];
      const { host } = createHost({ askToChange: () => Promise.resolve(answer) });

      assert.equal(await open('this', host), 'opened');
      assert.deepEqual(decided, [allowed]);
      assert.deepEqual(consent.missing(filesToEdit), []);
    });
  }

  it('asks about files and settings at once', async () => {
    filesToEdit = [userFile];
    settings = [setting];
    const { host, happened } = createHost();
    await open('this', host);

    assert.equal(happened[0], `ask ${userFile},${setting.name}`);
  });

  it('prefers the folder that was asked for', async () => {
    const { host, happened } = createHost();
    await flow.open({ ref, window: 'this', folder: '/asked' }, host);

    assert.deepEqual(happened, [`open ${authority} /asked in this window`]);
  });

  it('asks for the folder when the sandbox has none that suits', async () => {
    folder = undefined;
    const { host, happened } = createHost();
    await open('this', host);

    assert.deepEqual(happened, [`open ${authority} /typed in this window`]);
  });

  it('does nothing when the person gives no folder', async () => {
    folder = undefined;
    const { host, happened } = createHost({ askFolder: () => Promise.resolve(undefined) });

    assert.equal(await open('this', host), 'declined');
    assert.deepEqual(happened, []);
  });

  it('opens a second window without a folder: with the same one, the editor would show the first', async () => {
    isOpen = true;
    const { host, happened } = createHost();
    await open('new', host);

    assert.deepEqual(happened, [`open a window in ${authority}`]);
  });

  it('leaves word for that window, which has nothing to tell it where it is', async () => {
    isOpen = true;
    let before: readonly string[] = [];
    const { host } = createHost({
      openEmptyWindow: () => {
        before = [...expected];
        return Promise.resolve();
      },
    });
    await open('new', host);

    assert.deepEqual(before, [alias]);
  });

  it('leaves no word for a window with a folder', async () => {
    await open('new', createHost().host);

    assert.deepEqual(expected, []);
  });

  it('goes to the window that is open in the sandbox when no new one was asked for', async () => {
    isOpen = true;
    const { host, happened } = createHost();
    await open('this', host);

    assert.deepEqual(happened, [`open ${authority} /workspace in this window`]);
  });

  it('opens all the same, with a warning, when a line of the user’s wins over ours', async () => {
    obstacles = ['ProxyCommand'];
    const { host, happened } = createHost();

    assert.equal(await open('this', host), 'opened');
    assert.equal(happened[0], 'warn ProxyCommand');
  });

  it('offers a terminal where the editor cannot open remotes', async () => {
    const { host, happened } = createHost({ canOpenRemotes: false });

    assert.equal(await open('this', host), 'terminal');
    assert.deepEqual(happened, []);
  });

  const missing = [
    { scheme: 'vscode', choice: 'install' as const, want: 'opened', id: 'ms-vscode-remote.remote-ssh' },
    { scheme: 'vscodium', choice: 'install' as const, want: 'opened', id: 'jeanp413.open-remote-ssh' },
    { scheme: 'cursor', choice: 'install' as const, want: 'opened', id: 'anysphere.remote-ssh' },
    { scheme: 'vscode', choice: 'terminal' as const, want: 'terminal', id: undefined },
    { scheme: 'vscode', choice: undefined, want: 'declined', id: undefined },
  ];
  for (const { scheme, choice, want, id } of missing) {
    it(`is ${want} in ${scheme} without Remote-SSH when the person chooses ${choice ?? 'nothing'}`, async () => {
      const { host, happened } = createHost({
        uriScheme: scheme,
        isInstalled: () => false,
        offerInstall: () => Promise.resolve(choice),
      });

      assert.equal(await open('this', host), want);
      assert.equal(happened[0], id && `install ${id}`);
    });
  }
});

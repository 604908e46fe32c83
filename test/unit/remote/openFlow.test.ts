import assert from 'node:assert/strict';
import { EditConsent } from '../../../src/remote/editConsent';
import { OpenFlow, type OpenHost } from '../../../src/remote/openFlow';
import { localAccount } from '../../../src/sandboxes/account';
import { MemoryState } from '../../helpers/memoryState';

const ref = { account: localAccount, sandbox: { id: 'id1', name: 'box', status: 'running' as const } };
const folder = { authority: 'ssh-remote+box-abc.vscode.sbx', path: '/workspace' };
const userFile = '/home/me/.ssh/config';

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
    offerTerminal: () => Promise.resolve(true),
    offerInstall: () => Promise.resolve('install'),
    askToEdit: (files) => {
      happened.push(`ask ${files.join()}`);
      return Promise.resolve(true);
    },
    warnOfObstacles: (obstacles) => void happened.push(`warn ${obstacles.join()}`),
    withProgress: (work) => work({ signal: new AbortController().signal, report: () => undefined }),
    ...changes,
  };
  return { host, happened };
}

describe('OpenFlow', () => {
  let consent: EditConsent;
  let filesToEdit: string[];
  let obstacles: string[];
  let flow: OpenFlow;

  beforeEach(() => {
    consent = new EditConsent(new MemoryState());
    filesToEdit = [];
    obstacles = [];
    flow = new OpenFlow({
      opener: {
        remoteFolder: (_ref, _progress, warn) => {
          if (obstacles.length > 0) warn(obstacles);
          return Promise.resolve(folder);
        },
      },
      ssh: { filesToEdit: () => Promise.resolve(filesToEdit) },
      consent,
    });
  });

  for (const window of ['this', 'new'] as const) {
    it(`opens the folder in ${window} window`, async () => {
      const { host, happened } = createHost();

      assert.equal(await flow.open(ref, window, host), 'opened');
      assert.deepEqual(happened, [`open ${folder.authority} /workspace in ${window} window`]);
    });
  }

  it('asks once before the user’s SSH configuration is edited', async () => {
    filesToEdit = [userFile];
    const first = createHost();
    await flow.open(ref, 'this', first.host);
    assert.equal(first.happened[0], `ask ${userFile}`);

    const second = createHost();
    await flow.open(ref, 'this', second.host);
    assert.equal(second.happened.length, 1);
  });

  it('asks again for another file: the person allowed the first only', async () => {
    filesToEdit = [userFile];
    await flow.open(ref, 'this', createHost().host);
    filesToEdit = [userFile, '/etc/other'];
    const { host, happened } = createHost();
    await flow.open(ref, 'this', host);

    assert.equal(happened[0], 'ask /etc/other');
  });

  it('asks again once all was taken back', async () => {
    filesToEdit = [userFile];
    await flow.open(ref, 'this', createHost().host);
    await consent.withdraw();
    const { host, happened } = createHost();
    await flow.open(ref, 'this', host);

    assert.equal(happened[0], `ask ${userFile}`);
  });

  it('does nothing when the person does not allow the edit, and asks again next time', async () => {
    filesToEdit = [userFile];
    const { host, happened } = createHost({ askToEdit: () => Promise.resolve(false) });

    assert.equal(await flow.open(ref, 'this', host), 'declined');
    assert.deepEqual(happened, []);
    assert.deepEqual(consent.missing(filesToEdit), filesToEdit);
  });

  it('opens all the same, with a warning, when a line of the user’s wins over ours', async () => {
    obstacles = ['ProxyCommand'];
    const { host, happened } = createHost();

    assert.equal(await flow.open(ref, 'this', host), 'opened');
    assert.equal(happened[0], 'warn ProxyCommand');
  });

  it('offers a terminal where the editor cannot open remotes', async () => {
    const { host, happened } = createHost({ canOpenRemotes: false });

    assert.equal(await flow.open(ref, 'this', host), 'terminal');
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

      assert.equal(await flow.open(ref, 'this', host), want);
      assert.equal(happened[0], id && `install ${id}`);
    });
  }
});

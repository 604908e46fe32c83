/** The composition root: makes the parts and connects them. */
import { randomUUID } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { DisposableStore } from './base/disposable';
import { ensurePrivateDir } from './base/files';
import { logFailure, type Logger } from './base/logger';
import { runtimeDir, sshHome } from './base/paths';
import { listAll } from './cloud/listAll';
import { providerOf, providers } from './cloud/registry';
import { editorTag } from './keys/alias';
import { ensureLocalCloud, findLocalCloud } from './localCloud/launcher';
import { Connections, servesEditor } from './remote/connections';
import { DeletedSandboxes } from './remote/deletedSandboxes';
import { Doctor } from './remote/doctor/doctor';
import { EditConsent } from './remote/editConsent';
import { EmptyWindows } from './remote/emptyWindows';
import { GrantSource } from './remote/grantSource';
import { OpenFlow } from './remote/openFlow';
import { RemoteSshSettings } from './remote/remoteSshSettings';
import { SandboxBook } from './remote/sandboxBook';
import { SandboxOpener } from './remote/sandboxOpener';
import { SshSetup } from './remote/sshSetup';
import { WindowBroker } from './remote/windowBroker';
import { AccountStore } from './sandboxes/accountStore';
import { CloudAccess } from './sandboxes/cloudAccess';
import { Lifecycle } from './sandboxes/lifecycle';
import { LocalCloud, type LocalCloudAddress } from './sandboxes/localCloud';
import { followOtherWindows } from './sandboxes/otherWindows';
import { SandboxList } from './sandboxes/sandboxList';
import { adoptLocalCloud, useLocalCloud } from './sandboxes/signIn';
import { SignInReminder } from './sandboxes/signInReminder';
import { StateFile } from './sandboxes/stateFile';
import { TokenRefusals } from './sandboxes/tokenRefusals';
import { stableRuntimes } from './sshConfig/runtimes';
import { AccountCommands } from './views/accountCommands';
import { confirmStart } from './views/confirmStart';
import { ConnectionActions } from './views/connectionActions';
import { ContextKeys } from './views/contextKeys';
import { CreateCommand } from './views/createCommand';
import { DoctorCommand } from './views/doctorCommand';
import {
  readBackend,
  readLocalCloudRuntime,
  readNetworkSettings,
  readRemoteSsh,
  readSshSettings,
  userSettings,
} from './views/editorSettings';
import { showError } from './views/feedback';
import { FirstRun } from './views/firstRun';
import { terminalProfileId } from './views/ids';
import { LinkHandler } from './views/linkHandler';
import { LostTerminals } from './views/lostTerminals';
import { OpenCommands } from './views/openCommands';
import { registerCommands } from './views/registerCommands';
import { SandboxCommands } from './views/sandboxCommands';
import { SandboxPicker } from './views/sandboxPicker';
import { SandboxView } from './views/sandboxView';
import { SandboxWindow } from './views/sandboxWindow';
import { SshCommands } from './views/sshCommands';
import { rememberFolder } from './views/window';

const stateFileName = 'state.json';

/** What the parts of one window share. */
interface Services {
  /** Unlike the editor's session id, which is the same in all windows of an editor that has no telemetry. */
  readonly windowId: string;
  readonly context: vscode.ExtensionContext;
  readonly state: StateFile;
  readonly log: vscode.LogOutputChannel;
  readonly accounts: AccountStore;
  readonly localCloud: LocalCloud;
  readonly access: CloudAccess;
  readonly list: SandboxList;
  readonly book: SandboxBook;
  readonly emptyWindows: EmptyWindows;
  readonly consent: EditConsent;
  readonly remoteSsh: RemoteSshSettings;
  readonly connections: Connections;
  readonly ssh: SshSetup;
  readonly broker: WindowBroker;
}

/**
 * Awaited by the editor before it resolves a Remote-SSH window. So it does not wait for anything but our own small
 * files: the state, and those for ssh, which Remote-SSH is about to use.
 */
export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const owned = new DisposableStore();
  context.subscriptions.push(owned);
  const log = owned.add(vscode.window.createOutputChannel('Cloud Sandboxes', { log: true }));
  const state = new StateFile(path.join(context.globalStorageUri.fsPath, stateFileName));
  const isListReadable = await state.reload().then(
    () => true,
    (error: unknown) => {
      void showError(vscode.l10n.t('Cannot read the list of clouds'), error, log);
      return false;
    },
  );
  const services = createServices(owned, context, state, log);
  const canOpenRemotes =
    vscode.env.uiKind === vscode.UIKind.Desktop &&
    context.extension.extensionKind === vscode.ExtensionKind.UI;
  owned.add(new ContextKeys({ accounts: services.accounts, canOpenRemotes, isListReadable }));
  const { accounts, book, broker, localCloud, ssh } = services;
  const view = addView(owned, services);
  const window = owned.add(new SandboxWindow({ ...services, memory: context.workspaceState }));
  addCommands(owned, services, { view, window, canOpenRemotes });
  followOthers(owned, services);
  logFailure(log, 'Connections get no grant from this window', broker.ensure());
  logFailure(log, 'Cannot find out which sandbox this window is open in', window.identify());
  logFailure(log, 'Cannot remember the folder', rememberFolder(book));
  logFailure(log, 'Cannot look for a local cloud', adoptLocalCloud(localCloud, accounts));
  const refreshed = ssh.refresh();
  logFailure(log, 'Cannot bring our SSH files up to date', refreshed);
  await refreshed.catch(() => undefined);
}

function createServices(
  owned: DisposableStore,
  context: vscode.ExtensionContext,
  state: StateFile,
  log: vscode.LogOutputChannel,
): Services {
  const accounts = owned.add(new AccountStore(state, context.secrets));
  const localCloud = createLocalCloud(context, log);
  const access = owned.add(
    new CloudAccess({
      accounts,
      connect: (endpoint, logger) => providerOf(endpoint.provider).connect(endpoint, logger),
      localCloud,
      network: readNetworkSettings,
      log,
    }),
  );
  const list = owned.add(
    new SandboxList({
      accounts,
      listSandboxes: async (account, signal, onPage) =>
        listAll(await access.findClient(account, signal), signal, onPage),
      leastPollMs: ({ provider }) => providers.find(({ kind }) => kind === provider)?.leastPollMs,
    }),
  );
  const book = new SandboxBook(state);
  const consent = new EditConsent(state);
  const remoteSsh = new RemoteSshSettings(state, userSettings);
  const connections = owned.add(new Connections());
  const ssh = createSshSetup(context, { book, consent, remoteSsh, log });
  const grants = new GrantSource({
    book,
    accounts,
    access,
    keys: (alias) => ssh.keysForConnection(alias),
    backend: readBackend,
  });
  const broker = owned.add(
    new WindowBroker({
      dir: runtimeDir(),
      editor: editorTag(vscode.env.uriScheme),
      grant: (alias, signal) => grants.answer(alias, signal),
      onState: (state) => connections.update(state),
      log,
    }),
  );
  return {
    windowId: randomUUID(),
    context,
    state,
    log,
    accounts,
    localCloud,
    access,
    list,
    book,
    emptyWindows: new EmptyWindows(state),
    consent,
    remoteSsh,
    connections,
    ssh,
    broker,
  };
}

function createSshSetup(
  context: vscode.ExtensionContext,
  { book, consent, remoteSsh, log }: Pick<Services, 'book' | 'consent' | 'remoteSsh' | 'log'>,
): SshSetup {
  // An SSH folder other than the user's is for tests; then its config file stands for theirs.
  const override = process.env['CLOUD_SANDBOXES_SSH_DIR'];
  return new SshSetup({
    sshDir: override ?? path.join(sshHome(), '.ssh'),
    editor: editorTag(vscode.env.uriScheme),
    launcher: {
      runtimes: stableRuntimes(process.execPath, process.env),
      script: context.asAbsolutePath(path.join('dist', 'connection.js')),
      runDir: runtimeDir(),
    },
    secrets: context.secrets,
    publicKeysDir: path.join(context.globalStorageUri.fsPath, 'public-keys'),
    book,
    consent,
    remoteSsh,
    settings: () => ({
      ...readSshSettings(),
      ...(override && { configFile: path.join(override, 'config') }),
    }),
    log,
  });
}

function createLocalCloud(context: vscode.ExtensionContext, log: Logger): LocalCloud {
  const start = (): Promise<LocalCloudAddress> => {
    const runtime = readLocalCloudRuntime();
    return ensureLocalCloud({
      nodeCommand: [process.execPath],
      // On the desktop that is the editor itself, which is a Node with this variable.
      env: { ELECTRON_RUN_AS_NODE: '1' },
      script: context.asAbsolutePath(path.join('dist', 'localCloud.js')),
      log,
      ...(runtime && { runtime }),
    });
  };
  return new LocalCloud({ find: (signal) => findLocalCloud(signal), start });
}

/** Takes in what other windows, connections and people elsewhere do. */
function followOthers(owned: DisposableStore, services: Services): void {
  const { book, connections, list, log } = services;
  logFailure(log, 'Cannot see what other windows do', followAccounts(owned, services));
  owned.add(
    connections.onDidChange(({ alias, phase, since }) => {
      if (phase === 'connected') logFailure(log, 'Cannot note the opening', book.spendIntent(alias, since));
      // It may have ended since the sandbox stopped or the token was refused: the list is what tells.
      const ended = phase === 'closed' ? book.find(alias) : undefined;
      if (ended) void list.refresh(ended.accountId);
    }),
  );
  // What the network settings kept from an answer may have one now.
  owned.add(
    vscode.workspace.onDidChangeConfiguration(
      (event) => event.affectsConfiguration('http') && void list.refresh(),
    ),
  );
  owned.add(new DeletedSandboxes(services));
}

async function followAccounts(
  owned: DisposableStore,
  { context, accounts, log }: Pick<Services, 'context' | 'accounts' | 'log'>,
): Promise<void> {
  const storage = context.globalStorageUri;
  // A folder that is not there cannot be watched; the secrets and the focus can be followed nevertheless.
  const ready = ensurePrivateDir(storage.fsPath);
  logFailure(log, 'Cannot watch the list of clouds', ready);
  await ready.catch(() => undefined);
  const pattern = new vscode.RelativePattern(storage, stateFileName);
  const following = followOtherWindows({
    accounts,
    stateFile: owned.add(vscode.workspace.createFileSystemWatcher(pattern)),
    onDidChangeSecret: context.secrets.onDidChange,
    onDidChangeFocus: vscode.window.onDidChangeWindowState,
    log,
  });
  owned.add(following);
}

function addView(
  owned: DisposableStore,
  { book, connections, list, state, windowId }: Services,
): SandboxView {
  return owned.add(
    new SandboxView({
      list,
      state,
      connectionsOf: ({ account, sandbox }) => {
        const alias = book.aliasOf(account.id, sandbox.id);
        return alias === undefined ? [] : connections.of(alias);
      },
      onDidChangeConnections: connections.onDidChange,
      windowId,
    }),
  );
}

interface CommandParts {
  readonly view: SandboxView;
  readonly window: SandboxWindow;
  readonly canOpenRemotes: boolean;
}

function addCommands(
  owned: DisposableStore,
  services: Services,
  { view, window, canOpenRemotes }: CommandParts,
): void {
  const { windowId, context, state, log, accounts, access, list, book, emptyWindows, consent } = services;
  const { connections, ssh, broker } = services;
  const client = access.client.bind(access);
  const picker = new SandboxPicker(list, window);
  const lifecycle = new Lifecycle({ list, client, confirmStart });
  const opener = new SandboxOpener({ book, broker, lifecycle, ssh, client, log });
  const cloud = new AccountCommands({ accounts, access, list, book, kinds: providers, ssh, log });
  const sandbox = new SandboxCommands({ list, picker, lifecycle, book, ssh, log });
  const flow = new OpenFlow({
    opener,
    ssh,
    consent,
    settings: services.remoteSsh,
    emptyWindows,
    isOpen: (alias) => connections.of(alias).some(servesEditor),
  });
  const lostTerminals = owned.add(new LostTerminals({ connections, book, list, lifecycle, windowId, log }));
  const open = owned.add(
    new OpenCommands({ picker, flow, opener, lostTerminals, canOpenRemotes, windowId, log }),
  );
  const sshCommands = new SshCommands({ extensionId: context.extension.id, picker, book, opener, ssh, log });
  owned.add(vscode.window.registerUriHandler(new LinkHandler({ accounts, cloud, client, open, log })));
  owned.add(
    vscode.window.registerTerminalProfileProvider(terminalProfileId, {
      provideTerminalProfile: () => open.terminalProfile(),
    }),
  );
  const create = new CreateCommand({ list, lifecycle, client, open: (ref) => open.openNew(ref), log });
  const firstRun = new FirstRun({
    extensionId: context.extension.id,
    list,
    lifecycle,
    useLocalCloud: (signal) => useLocalCloud(access, accounts, signal),
    log,
  });
  const connection = new ConnectionActions({ window, list, book, cloud, log });
  const doctor = owned.add(createDoctor(services, picker, canOpenRemotes));
  const refusals = new TokenRefusals(state, windowId);
  owned.add(
    new SignInReminder({ accounts, list, refusals, ask: (account) => cloud.askToSignIn(account), log }),
  );
  owned.add(
    registerCommands(
      {
        open: (target) => open.open(target, 'this'),
        openInNewWindow: (target) => open.open(target, 'new'),
        openTerminal: (target) => open.openTerminal(target),
        copySshCommand: (target) => sshCommands.copyCommand(target),
        copyLink: (target) => sshCommands.copyLink(target),
        rotateKeys: (target) => sshCommands.rotateKeys(target),
        removeSshConfiguration: () => sshCommands.removeConfiguration(),
        create: (target) => create.run(target),
        start: (target) => sandbox.start(target),
        stop: (target) => sandbox.stop(target),
        delete: (target) => sandbox.delete(target),
        refresh: (target) =>
          view.whileBusy(async () => {
            await cloud.reload();
            await sandbox.refresh(target);
          }),
        addCloud: () => cloud.addCloud(),
        useLocalCloud: () => cloud.useLocalCloud(),
        signIn: (target) => cloud.signIn(target),
        signOut: (target) => cloud.signOut(target),
        tryLocal: () => firstRun.tryLocal(),
        installRemoteSsh: () => firstRun.installRemoteSsh(),
        getStarted: () => firstRun.getStarted(),
        connectionActions: () => connection.show(),
        filter: () => view.filter(),
        clearFilter: () => view.clearFilter(),
        groupByStatus: () => view.group('status'),
        groupByAccount: () => view.group('account'),
        diagnose: (target) => doctor.diagnose(target),
        showLog: () => log.show(),
      },
      () => view.focusedRow(),
    ),
  );
}

function createDoctor(services: Services, picker: SandboxPicker, canOpenRemotes: boolean): DoctorCommand {
  const { accounts, access, broker, context, log, ssh } = services;
  const doctor = new Doctor({
    accounts,
    access,
    ssh,
    broker,
    runDir: runtimeDir(),
    editor: editorTag(vscode.env.uriScheme),
    network: readNetworkSettings,
    remoteSsh: () => readRemoteSsh(canOpenRemotes),
    env: process.env,
  });
  const { version } = context.extension.packageJSON as { readonly version: string };
  return new DoctorCommand({ doctor, picker, extensionVersion: version, log });
}

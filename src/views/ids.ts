/** Identifiers that the manifest declares too; a test holds the two together. */
export const viewId = 'cloudSandboxes.sandboxes';
export const walkthroughId = 'start';
export const terminalProfileId = 'cloudSandboxes.terminal';
export const statusBarId = 'connection';
export const configurationSection = 'cloudSandboxes';

/** Every command, one id for each action whatever menu it is called from. */
export const commandIds = {
  open: 'cloudSandboxes.open',
  openInNewWindow: 'cloudSandboxes.openInNewWindow',
  openTerminal: 'cloudSandboxes.openTerminal',
  copySshCommand: 'cloudSandboxes.copySshCommand',
  copyLink: 'cloudSandboxes.copyLink',
  rotateKeys: 'cloudSandboxes.rotateKeys',
  removeSshConfiguration: 'cloudSandboxes.removeSshConfiguration',
  create: 'cloudSandboxes.create',
  start: 'cloudSandboxes.start',
  stop: 'cloudSandboxes.stop',
  delete: 'cloudSandboxes.delete',
  refresh: 'cloudSandboxes.refresh',
  filter: 'cloudSandboxes.filter',
  clearFilter: 'cloudSandboxes.clearFilter',
  groupByStatus: 'cloudSandboxes.groupByStatus',
  groupByAccount: 'cloudSandboxes.groupByAccount',
  addCloud: 'cloudSandboxes.addCloud',
  useLocalCloud: 'cloudSandboxes.useLocalCloud',
  signIn: 'cloudSandboxes.signIn',
  signOut: 'cloudSandboxes.signOut',
  tryLocal: 'cloudSandboxes.tryLocal',
  installRemoteSsh: 'cloudSandboxes.installRemoteSsh',
  getStarted: 'cloudSandboxes.getStarted',
  connectionActions: 'cloudSandboxes.connectionActions',
  diagnose: 'cloudSandboxes.diagnose',
  showLog: 'cloudSandboxes.showLog',
} as const;

export type CommandName = keyof typeof commandIds;

/** Keys for `when` clauses: how things are, as far as menus, welcome texts and the walkthrough depend on it. */
export const contextKeys = {
  /** `installed`, `missing`, or `unavailable` where the editor cannot open another machine at all. */
  remoteSsh: 'cloudSandboxes.remoteSsh',
  /** Whether there is an account of another cloud than the local one. */
  hasCloud: 'cloudSandboxes.hasCloud',
  /** Whether the list of clouds could not be read; an empty view then means nothing. */
  listUnreadable: 'cloudSandboxes.listUnreadable',
  /** Whether the window is open in a sandbox. */
  inSandbox: 'cloudSandboxes.inSandbox',
  /** Whether the tree shows some of the sandboxes only. */
  filtered: 'cloudSandboxes.filtered',
  /** What the tree groups by: `account` or `status`. */
  grouping: 'cloudSandboxes.grouping',
} as const;

/** Identifiers that the manifest declares too; a test holds the two together. */
export const viewId = 'cloudSandboxes.sandboxes';
export const statusBarId = 'connection';
export const configurationSection = 'cloudSandboxes';

/** Every command, one id for each action whatever menu it is called from. */
export const commandIds = {
  open: 'cloudSandboxes.open',
  openInNewWindow: 'cloudSandboxes.openInNewWindow',
  openTerminal: 'cloudSandboxes.openTerminal',
  create: 'cloudSandboxes.create',
  start: 'cloudSandboxes.start',
  stop: 'cloudSandboxes.stop',
  delete: 'cloudSandboxes.delete',
  refresh: 'cloudSandboxes.refresh',
  addCloud: 'cloudSandboxes.addCloud',
  useLocalCloud: 'cloudSandboxes.useLocalCloud',
  signIn: 'cloudSandboxes.signIn',
  signOut: 'cloudSandboxes.signOut',
  showLog: 'cloudSandboxes.showLog',
} as const;

export type CommandName = keyof typeof commandIds;

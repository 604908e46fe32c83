/** A version of Remote-SSH: each family of editors has its own, and all resolve `ssh-remote+<host>`. */
export interface RemoteSshExtension {
  readonly id: string;
  readonly title: string;
}

const microsoft: RemoteSshExtension = { id: 'ms-vscode-remote.remote-ssh', title: 'Remote - SSH' };
const openRemote: RemoteSshExtension = { id: 'jeanp413.open-remote-ssh', title: 'Open Remote - SSH' };
const cursor: RemoteSshExtension = { id: 'anysphere.remote-ssh', title: 'Remote - SSH' };
const windsurf: RemoteSshExtension = { id: 'codeium.windsurf-remote-openssh', title: 'Remote - SSH' };
const antigravity: RemoteSshExtension = { id: 'google.antigravity-remote-openssh', title: 'Remote - SSH' };

/** Those we know, most specific to an editor first. */
export const remoteSshExtensions: readonly RemoteSshExtension[] = [
  cursor,
  windsurf,
  antigravity,
  microsoft,
  openRemote,
];

/** By the editor's URI scheme; Microsoft's licence allows its extension in its own editors only. */
const recommended: ReadonlyMap<string, RemoteSshExtension> = new Map([
  ['vscode', microsoft],
  ['vscode-insiders', microsoft],
  ['cursor', cursor],
  ['windsurf', windsurf],
  ['antigravity', antigravity],
]);

/** The installed Remote-SSH, or undefined if there is none. */
export function installedRemoteSsh(isInstalled: (id: string) => boolean): RemoteSshExtension | undefined {
  return remoteSshExtensions.find(({ id }) => isInstalled(id));
}

/** The Remote-SSH to install in the editor with this URI scheme. */
export function recommendedRemoteSsh(uriScheme: string): RemoteSshExtension {
  return recommended.get(uriScheme) ?? openRemote;
}

/** Which programs can run our connection process: the editor itself as Node, or Node. */

/**
 * Paths of a running editor's executable that stay valid when it is updated or restarted.
 * `execPath` is that of the extension host (or of Node).
 */
export function stableRuntimes(execPath: string, env: NodeJS.ProcessEnv): string[] {
  // A snap's revision folder goes with the next refresh; "current" follows. On Fedora and others /snap is a link.
  const [, snap, rest] = /^((?:\/var\/lib\/snapd)?\/snap\/[^/]+)\/[^/]+\/(.*)$/.exec(execPath) ?? [];
  if (snap !== undefined) return [`${snap}/current/${rest ?? ''}`];
  // An AppImage is mounted in a folder for temporary files: when it is gone anyone may make one of that name.
  const { APPDIR: mount, APPIMAGE: image } = env;
  if (mount && image && execPath.startsWith(`${mount}/`)) return [image];
  return [execPath];
}

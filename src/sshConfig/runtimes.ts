/** Which programs can run our connection process: the editor itself as Node, or Node. */

/**
 * Paths of a running editor's executable that stay valid when it is updated or restarted.
 * `execPath` is that of the extension host (or of Node).
 */
export function stableRuntimes(execPath: string, env: NodeJS.ProcessEnv): string[] {
  // A snap's revision folder goes with the next refresh; "current" follows.
  const snap = /^\/snap\/([^/]+)\/[^/]+\/(.*)$/.exec(execPath);
  if (snap) return [`/snap/${snap[1] ?? ''}/current/${snap[2] ?? ''}`];
  // An AppImage is mounted in a folder for temporary files: when it is gone anyone may make one of that name.
  const { APPDIR: mount, APPIMAGE: image } = env;
  if (mount && image && execPath.startsWith(`${mount}/`)) return [image];
  return [execPath];
}

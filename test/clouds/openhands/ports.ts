import type { OpenHandsOptions, ServiceName } from './options';

/** In-sandbox ports by kind of deployment (app_server/sandbox/remote_sandbox_service.py, docker_sandbox_service.py). */
const CLOUD_PORTS = { AGENT_SERVER: 60_000, VSCODE: 60_001, WORKER_1: 12_000, WORKER_2: 12_001 } as const;
const DOCKER_PORTS = { AGENT_SERVER: 8000, VSCODE: 8001, WORKER_1: 8011, WORKER_2: 8012 } as const;

/** Where the SSH service of a sandbox listens, inside. */
export const SSH_PORT = 2222;

/** Where each service listens, inside. */
export function portsOf(options: OpenHandsOptions): Readonly<Record<ServiceName, number>> {
  return options.routing === 'docker' ? DOCKER_PORTS : CLOUD_PORTS;
}

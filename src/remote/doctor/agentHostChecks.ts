/** What is looked at where a cloud has no streams to a program: what our agent is put there and reached by. */
import { printable } from '../../base/errors';
import type { AgentHost } from '../../cloud/provider';
import type { Finding } from './findings';

const WORD = 'cloud-sandboxes';

/**
 * Which ports of the sandbox can be reached. Who answers there does so only to those who know the sandbox's secret, so
 * the connection by ssh shows whether it does.
 */
export async function findPublicPorts(host: AgentHost, signal: AbortSignal): Promise<Finding> {
  const ports = await host.publicPorts(signal);
  if (ports.length === 0) return { outcome: 'failed', result: 'noPublicPort', values: {} };
  const values = { ports: ports.map(({ port }) => port).join(', ') };
  return { outcome: 'ok', result: 'publicPorts', values };
}

export async function runScript(host: AgentHost, signal: AbortSignal): Promise<Finding> {
  const began = performance.now();
  const { code, stdout, stderr } = await host.run(`echo ${WORD} | cat`, signal);
  const ms = performance.now() - began;
  if (code === 0 && stdout.trim() === WORD) return { outcome: 'ok', result: 'scriptWorks', values: { ms } };
  const said = printable(stderr || stdout, 200) || `code ${code}`;
  return { outcome: 'failed', result: 'execFails', values: { said } };
}

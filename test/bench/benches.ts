/** The table of everything that is measured. What each row means is told in docs/performance.md. */
import { Relay } from '../helpers/relay';
import type { Bench, Contest, Figures } from './bench';
import { byBackend, type OurBackend } from './backends';
import { bundleSizes, kilobytes, SHIPPED } from './bundles';
import { sshTargetOf, type Lab } from './lab';
import { timeOf } from './command';
import {
  connectCold,
  connectStopped,
  connectWarm,
  phaseRows,
  phases,
  type StoppableSandbox,
} from './measures/connect';
import { dynamicForward, forwardLatency, forwardThroughput, type ServerPorts } from './measures/forwards';
import { terminalEcho } from './measures/latency';
import { idleMemory, loadMemory } from './measures/memory';
import { peerFigures } from './measures/peer';
import { resume } from './measures/resume';
import { throughput, throughputOfEight } from './measures/throughput';
import { openDockerExec } from './peers/dockerExec';
import { openWebSocketTunnel } from './peers/webSocketTunnel';
import type { SshTarget, Target } from './target';

export const benches: readonly Bench[] = [
  compared({ 'connect.warm': 'ms' }, connectWarm),
  { rows: { 'connect.cold': 'ms' }, prepare: prepareCold },
  { rows: { 'connect.stopped': 'ms' }, prepare: prepareStopped },
  compared(rowsOf(phaseRows, 'ms'), phases),
  compared(
    { 'throughput.down': 'MB/s', 'throughput.up': 'MB/s', 'cpu.down': 's/GB', 'cpu.up': 's/GB' },
    throughput,
  ),
  compared({ 'throughput.down.eight': 'MB/s', 'throughput.up.eight': 'MB/s' }, throughputOfEight),
  forwarded({ 'throughput.down.forward': 'MB/s', 'throughput.up.forward': 'MB/s' }, forwardThroughput),
  compared({ 'echo.p50': 'ms', 'echo.p99': 'ms' }, terminalEcho),
  forwarded({ 'forward.open': 'ms', 'echo.forward.p50': 'ms', 'echo.forward.p99': 'ms' }, forwardLatency),
  forwarded({ 'dynamic.200': 'ms' }, dynamicForward),
  compared({ 'rss.idle': 'MB', 'rss.idle.whole': 'MB' }, idleMemory),
  compared({ 'rss.load': 'MB' }, loadMemory),
  { rows: { resume: 'ms' }, prepare: prepareResume },
  alone(
    rowsOf(
      SHIPPED.map((name) => `bundle.${name}`),
      'kB',
    ),
    (lab) => Promise.resolve(bundleSizes(lab.bundles())),
  ),
  alone({ vsix: 'kB' }, async (lab) => ({ vsix: kilobytes(await lab.vsix()) })),
  alone({ activation: 'ms' }, async (lab) => (await lab.editor()).activation()),
  alone({ 'list.1000': 'ms' }, async (lab) => (await lab.editor()).list(1_000)),
  alone({ 'list.10000': 'ms' }, async (lab) => (await lab.editor()).list(10_000)),
  { rows: { 'workbench.direct': 'ms' }, prepare: prepareDirect },
  compared({ 'workbench.bridge': 'ms' }, async (target, lab) => (await lab.workbench()).through(target)),
  peer('docker-exec', openDockerExec),
  peer('websockify', openWebSocketTunnel),
];

/** Our bridge, with each backend, beside both ways to run sshd. */
function compared(rows: Bench['rows'], measure: (target: SshTarget, lab: Lab) => Promise<Figures>): Bench {
  const prepare = async (lab: Lab): Promise<Contest> => {
    const { ours, sshd, sameAlgorithms } = await lab.contenders();
    return {
      ours: byBackend((backend) => () => measure(ours[backend], lab)),
      sshd: () => measure(sshd, lab),
      sameAlgorithms: () => measure(sameAlgorithms, lab),
    };
  };
  return { rows, prepare };
}

function forwarded(
  rows: Bench['rows'],
  measure: (target: SshTarget, ports: ServerPorts) => Promise<Figures>,
): Bench {
  return compared(rows, async (target, lab) => measure(target, await lab.ports()));
}

/** What only we have. */
function alone(rows: Bench['rows'], measure: (lab: Lab) => Promise<Figures>): Bench {
  return { rows, prepare: (lab) => Promise.resolve({ ours: { extension: () => measure(lab) } }) };
}

/** Somebody else's way into a sandbox, in our place. */
function peer(name: string, open: (lab: Lab) => Promise<Target>): Bench {
  const prepare = async (lab: Lab): Promise<Contest> => {
    const target = await open(lab);
    const { sshd } = await lab.contenders();
    return { ours: { [name]: () => peerFigures(name, target) }, sshd: () => peerFigures(name, sshd) };
  };
  const rows = {
    [`peer.${name}.connect`]: 'ms',
    [`peer.${name}.throughput.down`]: 'MB/s',
    [`peer.${name}.throughput.up`]: 'MB/s',
    [`peer.${name}.echo.p50`]: 'ms',
  };
  return { rows, prepare };
}

/** sshd that does not run is started as inetd does it. */
async function prepareCold(lab: Lab): Promise<Contest> {
  const ours = await openSandboxes(lab);
  const { sshd, sameAlgorithms, sshdConfig } = await lab.contenders();
  const inetd = ['-o', `ProxyCommand=/usr/sbin/sshd -i -f ${sshdConfig}`];
  const connect = async (started: SshTarget): Promise<Figures> => ({
    'connect.cold': await timeOf(started.command('true')),
  });
  return {
    ours: byBackend((backend) => () => connectCold(ours[backend])),
    sshd: () => connect(sshd.with(...inetd)),
    sameAlgorithms: () => connect(sameAlgorithms.with(...inetd)),
  };
}

async function prepareStopped(lab: Lab): Promise<Contest> {
  const ours = await openSandboxes(lab);
  return { ours: byBackend((backend) => () => connectStopped(ours[backend])) };
}

/** With any other backend a connection ends with what carries it. */
async function prepareResume(lab: Lab): Promise<Contest> {
  const sandbox = await lab.sandbox('agent');
  const relay = await Relay.start(sandbox.endpoint.baseUrl);
  lab.cleanUps.add(() => relay.stop());
  await sandbox.serve(true, relay.url);
  const target = sshTargetOf(sandbox, 'agent');
  return { ours: { agent: () => resume(target, relay.network) } };
}

/** Some that are nobody else's: they are stopped and started. */
async function openSandboxes(lab: Lab): Promise<Readonly<Record<OurBackend, StoppableSandbox>>> {
  const open = async (backend: OurBackend): Promise<StoppableSandbox> => {
    const sandbox = await lab.sandbox(backend);
    return { sandbox, target: sshTargetOf(sandbox, backend) };
  };
  return { exec: await open('exec'), agent: await open('agent') };
}

/** Nothing but TCP between the browser and the server. */
async function prepareDirect(lab: Lab): Promise<Contest> {
  const server = await lab.workbench();
  return { ours: { none: () => server.direct() } };
}

function rowsOf(names: readonly string[], unit: string): Bench['rows'] {
  return Object.fromEntries(names.map((name) => [name, unit]));
}

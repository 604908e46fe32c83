import type { StandInSandbox } from '../clouds/openhands/sandbox';
import { PATH_CASE } from '../conformance/cases/environment';
import { defineTable, TOOLS } from '../conformance/table';
import { bySshd, Reference, type Place } from '../conformance/target';
import { PortRelay } from '../helpers/portRelay';
import { requireTool } from '../helpers/require';
import { endpointOf, makeSandbox, STARTS_A_SANDBOX_MS, useOpenHands, type OpenHandsLab } from './client';
import { CloudHost } from './host';

/** What is not as with an sshd in the same sandbox. */
const differs = new Map([
  [PATH_CASE, { what: 'stdout', why: "the PATH is that of the sandbox's image; sshd sets one of its own" }],
]);

describe('our bridge into an OpenHands sandbox beside a real sshd in another', function () {
  this.timeout(STARTS_A_SANDBOX_MS);

  before(function () {
    requireTool(this, 'sshd', ...TOOLS);
  });
  const reference = new Reference();
  after(() => reference.close());
  const lab = useOpenHands();
  before(async () => {
    await reference.open(await openSshd(lab));
  });

  describe('by the backend agent:', () => {
    defineTable({ backend: 'agent', open: () => openSandbox(lab), reference, differs });
  });
});

interface OpenHandsPlace extends Place<CloudHost> {
  readonly sandbox: StandInSandbox;
}

/** A sandbox by our agent, which is behind a worker port. */
async function openSandbox({ cloud, client }: OpenHandsLab): Promise<OpenHandsPlace> {
  const made = await makeSandbox(client);
  const host = await CloudHost.open({ endpoint: endpointOf(cloud), sandbox: made, backend: 'agent' });
  const sandbox = cloud.sandbox(made.id);
  // proc(5): the files of a sandbox as its first process sees them, since its mounts are its own.
  const home = `/proc/${sandbox.hostPid}/root/home/openhands`;
  return { host, dir: host.dir, home, sandbox, close: () => host.close() };
}

/** One just like it by an sshd, with the rights that any command has there. */
async function openSshd(lab: OpenHandsLab): Promise<Place> {
  const { sandbox, ...place } = await openSandbox(lab);
  const relays: PortRelay[] = [];
  const close = async (): Promise<void> => {
    await place.close();
    for (const relay of relays) relay.close();
  };
  return bySshd({ ...place, close }, async (port) => {
    const relay = await PortRelay.start({ connect: () => sandbox.connectToPort(port) });
    relays.push(relay);
    return relay.port;
  });
}

import type { Figures } from '../bench';
import { timeOf } from '../command';
import type { Target } from '../target';
import { terminalEcho } from './latency';
import { downloadRate, uploadRate } from './throughput';

/** What can be measured of anything that runs commands. */
export async function peerFigures(name: string, target: Target): Promise<Figures> {
  return {
    [`peer.${name}.connect`]: await timeOf(target.command('true')),
    [`peer.${name}.throughput.down`]: await downloadRate(target),
    [`peer.${name}.throughput.up`]: await uploadRate(target),
    [`peer.${name}.echo.p50`]: (await terminalEcho(target))['echo.p50'],
  };
}

import * as fs from 'node:fs/promises';
import { isAlive } from '../../../src/base/processes';
import { readServerRecord, statePaths } from '../../../src/localCloud/record';
import { BoxApi } from '../../helpers/boxApi';
import { eventually } from '../../helpers/eventually';

/** Ends the local cloud that keeps its state in a folder, and waits until it is gone. It outlives the editor. */
export async function endLocalCloud(stateDir: string): Promise<void> {
  const record = await readServerRecord(statePaths(stateDir));
  if (!record) return;
  process.kill(record.pid, 'SIGTERM');
  await eventually(() => {
    if (isAlive(record.pid)) throw new Error(`The local cloud (process ${record.pid}) does not end`);
  }, 20_000);
}

/** What somebody else can do with the local cloud that keeps its state in a folder. */
export async function localCloudApi(stateDir: string): Promise<BoxApi> {
  const record = await readServerRecord(statePaths(stateDir));
  if (!record) throw new Error('The local cloud does not run');
  return new BoxApi(record.url, (await fs.readFile(record.tokenFile, 'utf8')).trim());
}

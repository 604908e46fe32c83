import { MAX_DATA } from './protocol';
import type { RemoteFile } from './remoteFiles';

export interface CopyRequest {
  readonly source: RemoteFile;
  readonly from: number;
  /** 0: to the end of the source. */
  readonly length: number;
  readonly target: RemoteFile;
  readonly to: number;
}

/** Copies between open files. Never more than the source has at first: a copy onto its own end would have none. */
export async function copyData({ source, from, length, target, to }: CopyRequest): Promise<void> {
  const { size = 0 } = await source.stat();
  const available = Math.max(size - from, 0);
  const total = length === 0 ? available : Math.min(length, available);
  for (let copied = 0; copied < total;) {
    const data = await source.read(from + copied, Math.min(MAX_DATA, total - copied));
    if (data.length === 0) return;
    await target.write(to + copied, data);
    copied += data.length;
  }
}

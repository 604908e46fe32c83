import type { BoxApi } from './boxApi';

/**
 * How many processes run exactly `sleep SECONDS`, as the box sees it. A box that is not isolated sees those of the
 * whole computer, so each test takes a number of its own.
 */
export async function countSleepers(api: BoxApi, box: string, seconds: number): Promise<number> {
  const script = `n=0; for f in /proc/[0-9]*/cmdline; do
    if [ "$(tr '\\0' ' ' 2>/dev/null < $f)" = "sleep ${seconds} " ]; then n=$((n+1)); fi; done; echo $n`;
  return Number(await api.sh(box, script));
}

import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until a condition holds, looking often; fails with the last reason it did not after the deadline. */
export async function eventually(
  condition: () => void | Promise<void>,
  { timeoutMs = 5000, everyMs = 10 } = {},
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    try {
      await condition();
      return;
    } catch (error) {
      if (Date.now() >= deadline) throw error;
      await sleep(everyMs);
    }
  }
}

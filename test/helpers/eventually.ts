import { delay } from '../../src/base/async';

/** Repeats an assertion until it holds; its last failure is thrown when the deadline passes. */
export async function eventually(assertion: () => void | Promise<void>, deadlineMs = 5_000): Promise<void> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      await assertion();
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await delay(10);
  }
}

import { delay } from '../../src/base/async';

/** Repeats an assertion until it holds, and gives its value; its last failure is thrown when the deadline passes. */
export async function eventually<T>(assertion: () => T | Promise<T>, deadlineMs = 15_000): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() > end) throw error;
    }
    await delay(10);
  }
}

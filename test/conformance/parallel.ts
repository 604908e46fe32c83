/** As many clients at once as two processors keep busy. */
const CLIENTS = 4;

/** Does the work for each item, several at once. */
export async function inParallel<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const left = items[Symbol.iterator]();
  const worker = async (): Promise<void> => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: CLIENTS }, worker));
}

export interface Failed<T> {
  of: T;
  error: unknown;
}

/** Does the work for each, one after the other; one that throws is told in the end and holds up none of the others. */
export async function eachByItself<T>(items: Iterable<T>, work: (item: T) => Promise<unknown>): Promise<Failed<T>[]> {
  const failed: Failed<T>[] = [];
  for (const of of items)
    try {
      await work(of);
    } catch (error) {
      failed.push({ of, error });
    }
  return failed;
}

/** For work whose caller needs no more than to know that some of it failed. */
export function throwFailed(what: string, failed: readonly Failed<unknown>[]): void {
  if (failed.length === 0) return;
  const errors = failed.map(({ error }) => error);
  throw new AggregateError(errors, `${what}: ${failed.length} failed, the first by: ${String(errors[0])}`);
}

import { performance } from "node:perf_hooks";

/** What has not come to pass by then on the busiest machine never will; the assertion then says what is missing. */
const WAIT_MS = 20_000;

/**
 * Waits until the assertion holds, looking again at each turn of the event loop. Unlike `vi.waitFor` it leaves faked timers where they
 * are (that one moves them on with every look, and so changes what is tested), and a busy machine has more than a second.
 */
export async function eventually(assertion: () => void): Promise<void> {
  for (const began = performance.now(); ; ) {
    try {
      return assertion();
    } catch (error) {
      if (performance.now() - began > WAIT_MS) throw error;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

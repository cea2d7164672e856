export interface Waker {
  /** Ends the pause under way, or the next one when there is none. */
  wake(): void;
  /** To be called before a look at what there is to do: what wakes from here on is seen by `woken` and `pause`. */
  rearm(): void;
  woken(): boolean;
  /** Until somebody wakes it, or for that long at most. */
  pause(ms: number | null): Promise<void>;
}

/** Sleep that a wake-up can never miss, whichever of the two comes first. */
export function createWaker(): Waker {
  let woken = false;
  let resume: () => void = () => undefined;
  return {
    wake() {
      woken = true;
      resume();
    },
    rearm() {
      woken = false;
    },
    woken: () => woken,
    async pause(ms) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        resume = resolve;
        if (woken) resolve();
        else if (ms !== null) timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    },
  };
}

/**
 * One question for all that waits for it: acts that the server refused for want of a proof go on after it, or fail with what they were
 * told. Nothing of the page is taken down meanwhile, so what was typed stays.
 */
export interface ProofGate {
  /** True once the person proved who they are; false where they would not. */
  ask(): Promise<boolean>;
  answer(proved: boolean): void;
  isAsking(): boolean;
  subscribe(listener: () => void): () => void;
}

export const makeProofGate = (): ProofGate => {
  let waiting: ((proved: boolean) => void)[] = [];
  const listeners = new Set<() => void>();
  const tell = (): void => {
    for (const listener of listeners) listener();
  };
  return {
    ask: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        tell();
      }),
    answer: (proved) => {
      const asked = waiting;
      waiting = [];
      for (const resolve of asked) resolve(proved);
      tell();
    },
    isAsking: () => waiting.length > 0,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};

/** What the suite itself sends to its servers, so that a witness need not wait by the clock: heard once, and kept out of the hits. */
import { randomBytes } from "node:crypto";

/** No attack knows the rest of the word, which is made anew for each knock. */
export const KNOCK = "creel-knock-";
/** A loaded machine; what has not come by then never will. */
const WAIT_MS = 30_000;

export interface Hearing {
  /** Somebody said this: true where it was waited for. */
  says(text: string): boolean;
  /** Resolves when this text is heard. */
  of(text: string): Promise<void>;
  /** Has a new text sent, and resolves when it is heard. */
  after(send: (text: string) => void): Promise<void>;
}

export const newKnock = (): string => `${KNOCK}${randomBytes(12).toString("hex")}`;

export function createHearing(): Hearing {
  const waiting = new Map<string, () => void>();
  const of = (text: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        waiting.delete(text);
        reject(new Error("the control that follows each attack did not arrive"));
      }, WAIT_MS);
      waiting.set(text, () => {
        clearTimeout(timer);
        waiting.delete(text);
        resolve();
      });
    });
  return {
    of,
    says(text) {
      const heard = waiting.get(text);
      heard?.();
      return heard !== undefined;
    },
    after(send) {
      const text = newKnock();
      const heard = of(text);
      send(text);
      return heard;
    },
  };
}

/**
 * Judgements already made. Most journals repeat themselves, some do not at all: there remembering costs more than it saves, so it rests
 * for a while. Whether it rests or is full never changes a result.
 */
import { MEMO_CHARS_MAX, MEMO_ENTRIES_MAX } from "./limits.ts";

/** Look-ups between two looks at how many of them hit. */
const WINDOW = 8_192;
/** Below this share a look-up costs more than it saves. */
const HITS_MIN = WINDOW / 16;
/** Records for which nothing is remembered after that. */
const REST = 65_536;

export interface Memo<Kept> {
  /** Ask once for each record. */
  isWorthIt(): boolean;
  get(key: string): Kept | undefined;
  set(key: string, value: Kept): void;
}

export function createMemo<Kept>(): Memo<Kept> {
  const kept = new Map<string, Kept>();
  let chars = 0;
  let lookups = 0;
  let hits = 0;
  let resting = 0;

  function clear(): void {
    kept.clear();
    chars = 0;
  }

  return {
    isWorthIt() {
      if (resting > 0) {
        resting--;
        return false;
      }
      if (++lookups < WINDOW) return true;
      if (hits < HITS_MIN) {
        resting = REST;
        clear();
      }
      lookups = 0;
      hits = 0;
      return resting === 0;
    },
    get(key) {
      const known = kept.get(key);
      if (known !== undefined) hits++;
      return known;
    },
    set(key, value) {
      if (kept.size >= MEMO_ENTRIES_MAX || chars + key.length > MEMO_CHARS_MAX) clear();
      kept.set(key, value);
      chars += key.length;
    },
  };
}

/** What was refused and why, bounded, and the same in whatever order it came. */
import { REFUSAL_TEXT_CHARS_MAX, REFUSALS_MAX } from "./limits.ts";
import { withoutSecrets } from "./secrets.ts";
import type { SuggestRefusal } from "./types.ts";

export interface RefusedList {
  add(refusal: Omit<SuggestRefusal, "count">, count?: number): void;
  /** What is added to the copy is not added here. */
  copy(): RefusedList;
  result(): { refused: SuggestRefusal[]; refusedUnlisted: number };
}

export const createRefusedList = (): RefusedList => listOf(new Map(), null, 0);

const cutText = (text: string): string =>
  text.length <= REFUSAL_TEXT_CHARS_MAX ? text : `${text.slice(0, REFUSAL_TEXT_CHARS_MAX - 1)}…`;

/** `cut`: keys from this one on are only counted. What sorts before it was always kept, so its counts are whole. */
function listOf(kept: Map<string, SuggestRefusal>, firstCut: string | null, firstTotal: number): RefusedList {
  let cut = firstCut;
  let total = firstTotal;

  /** Drops the keys that sort last. */
  function shrink(max: number): void {
    if (kept.size <= max) return;
    for (const key of [...kept.keys()].sort().slice(max)) {
      kept.delete(key);
      if (cut === null || key < cut) cut = key;
    }
  }

  return {
    add({ binary, host, port, method, path, reason }, count = 1) {
      total += count;
      const row = {
        binary: cutText(binary),
        host: cutText(host),
        port,
        method: method === null ? null : cutText(method),
        path: path === null ? null : cutText(withoutSecrets(path)),
        reason,
      };
      const key = JSON.stringify(Object.values(row));
      if (cut !== null && key >= cut) return;
      const known = kept.get(key);
      if (known !== undefined) known.count += count;
      else kept.set(key, { ...row, count });
      if (kept.size > 2 * REFUSALS_MAX) shrink(REFUSALS_MAX);
    },
    copy: () => listOf(new Map([...kept].map(([key, row]) => [key, { ...row }])), cut, total),
    result() {
      shrink(REFUSALS_MAX);
      const rows = [...kept].sort(([a, x], [b, y]) => y.count - x.count || (a < b ? -1 : a > b ? 1 : 0));
      const refused = rows.map(([, row]) => ({ ...row }));
      return { refused, refusedUnlisted: total - refused.reduce((sum, row) => sum + row.count, 0) };
    },
  };
}

import { AsyncLocalStorage } from "node:async_hooks";
import type { Db } from "./pools.ts";

/** The turn of an org that a crossing took before it began, for the transactions of the org in it: one after the other. */
export interface HeldTurn {
  db: Db;
  orgId: string;
  /** Whether others than `orgId` may be gone on in. */
  isFar: boolean;
  inUse: boolean;
  /** What goes on after the crossing has ended holds nothing. */
  isOver: boolean;
}

const storageKey = Symbol.for("creel.db.held");
/** On the global object, because a bundler may put this module into one process more than once and all must agree. */
const shared = globalThis as { [storageKey]?: AsyncLocalStorage<HeldTurn> };
shared[storageKey] ??= new AsyncLocalStorage<HeldTurn>();
const storage = shared[storageKey];

export const holding = <T>(turn: HeldTurn, work: () => Promise<T>): Promise<T> => storage.run(turn, work);

export function heldNow(db: Db): HeldTurn | null {
  const held = storage.getStore();
  return held === undefined || held.isOver || held.db !== db ? null : held;
}

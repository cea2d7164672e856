import { AsyncLocalStorage } from "node:async_hooks";

/** Who asks, for as long as one verb of theirs goes on. */
export interface Caller {
  readonly name: string;
  /** It has had its first turn. From then on it waits as long as it takes: what it has written needs the rest of it. */
  isAdmitted: boolean;
}

const storageKey = Symbol.for("creel.db.caller");
/** On the global object, because a bundler may put this module into one process more than once and all must agree. */
const shared = globalThis as { [storageKey]?: AsyncLocalStorage<Caller> };
shared[storageKey] ??= new AsyncLocalStorage<Caller>();
const storage = shared[storageKey];

/** Whatever `work` asks of the database it asks as `name`, who takes turns with others (`turns.ts`); no right hangs on it. */
export const asCaller = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  storage.run({ name, isAdmitted: false }, work);

/** Creel itself where nobody is named. */
export const callerNow = (): Caller => storage.getStore() ?? { name: "", isAdmitted: false };

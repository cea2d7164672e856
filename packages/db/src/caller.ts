import { AsyncLocalStorage } from "node:async_hooks";

const storageKey = Symbol.for("creel.db.caller");
/** On the global object, because a bundler may put this module into one process more than once and all must agree. */
const shared = globalThis as { [storageKey]?: AsyncLocalStorage<string> };
shared[storageKey] ??= new AsyncLocalStorage<string>();
const storage = shared[storageKey];

/** Whatever `work` asks of the database it asks as `caller`, who takes turns with others (`turns.ts`); no right hangs on it. */
export const asCaller = <T>(caller: string, work: () => Promise<T>): Promise<T> => storage.run(caller, work);

/** Creel itself where nobody is named. */
export const callerNow = (): string => storage.getStore() ?? "";

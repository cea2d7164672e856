export { type Lock, LockError, type Take, takeLock, type Waiting, waitForLock } from "./lock.ts";
export { end, identify, isAlive, type ProcessId, parseProcessId, signal, watch } from "./process-id.ts";

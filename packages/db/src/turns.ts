/**
 * Threat: whoever belongs to one org, or to none, asks for so much at once, or lets so much wait for one lock, that the connections
 * which all orgs share are theirs, and nobody else is served. Invariant: of the connections of a pool, one group holds a share and
 * one caller in it less than that; whoever has to wait waits without a connection, groups and in them callers take turns, and past a
 * bound one more is refused. Which group and which caller it is says whoever asks; nothing here knows orgs.
 */
export interface Shares {
  /** As many as there are connections, so that nobody waits where there are no turns. */
  atOnceMax: number;
  groupAtOnceMax: number;
  callerAtOnceMax: number;
  callerWaitingMax: number;
}

/** Of one group. Beyond it a caller may wait with one request, so that no crowd keeps another caller out. */
export const GROUP_WAITING_MAX = 1_000;
/** What a group that fills its bound is through with in about this time. */
export const RETRY_AFTER_SECONDS = 5;

/** So much waits already that this transaction was not begun. */
export class BusyError extends Error {
  constructor(options?: ErrorOptions) {
    super("too many requests of one caller or one organization wait for the database", options);
    this.name = "BusyError";
  }
}

/** In how many seconds to ask again; null of any other error. By name, for one process may hold this module more than once. */
export const busyFor = (error: unknown): number | null =>
  error instanceof Error && error.name === "BusyError" ? RETRY_AFTER_SECONDS : null;

export interface Asking {
  group: string;
  caller: string;
  /** Waits also past the bounds: it has begun something that must come to its end. */
  isAdmitted?: boolean;
  /** For whoever holds something that others wait for; else as long as it takes. */
  waitMsMax?: number | undefined;
}

export interface Turns {
  /** Runs `work` when it is its turn. @throws BusyError when too many wait already, or when it waited too long. */
  take<T>(who: Asking, work: () => Promise<T>): Promise<T>;
}

interface Caller {
  running: number;
  waiting: (() => void)[];
}
interface Group {
  running: number;
  waiting: number;
  /** In the order in which they are served; whoever was served is last. */
  callers: Map<string, Caller>;
}

export function createTurns({ atOnceMax, groupAtOnceMax, callerAtOnceMax, callerWaitingMax }: Shares): Turns {
  /** In the order in which they are served; which was served is last. Those that neither run nor wait are not kept. */
  const groups = new Map<string, Group>();
  let running = 0;

  const begin = (group: Group, caller: Caller): void => {
    running += 1;
    group.running += 1;
    caller.running += 1;
  };

  const serve = (): void => {
    for (const [groupKey, group] of groups) {
      if (running >= atOnceMax) return;
      if (group.waiting === 0 || group.running >= groupAtOnceMax) continue;
      for (const [callerKey, caller] of group.callers) {
        const next = caller.running < callerAtOnceMax ? caller.waiting.shift() : undefined;
        if (next === undefined) continue;
        // Set anew, both come last; the outer loop meets the group again, after all others.
        group.callers.delete(callerKey);
        group.callers.set(callerKey, caller);
        groups.delete(groupKey);
        groups.set(groupKey, group);
        group.waiting -= 1;
        begin(group, caller);
        next();
        break;
      }
    }
  };

  const forget = (who: Asking, group: Group, caller: Caller): void => {
    if (caller.running === 0 && caller.waiting.length === 0) group.callers.delete(who.caller);
    if (group.callers.size === 0) groups.delete(who.group);
  };

  const end = (who: Asking, group: Group, caller: Caller): void => {
    running -= 1;
    group.running -= 1;
    caller.running -= 1;
    forget(who, group, caller);
    serve();
  };

  const wait = (who: Asking, group: Group, caller: Caller): Promise<void> =>
    new Promise<void>((resolve, reject) => {
      const timer =
        who.waitMsMax === undefined
          ? undefined
          : setTimeout(() => {
              caller.waiting.splice(caller.waiting.indexOf(served), 1);
              group.waiting -= 1;
              forget(who, group, caller);
              reject(new BusyError());
            }, who.waitMsMax);
      // Served once, and then no timer finds it among those that wait.
      const served = (): void => {
        clearTimeout(timer);
        resolve();
      };
      group.waiting += 1;
      caller.waiting.push(served);
      serve();
    });

  return {
    take: async (who, work) => {
      const group = groups.get(who.group) ?? { running: 0, waiting: 0, callers: new Map<string, Caller>() };
      const caller = group.callers.get(who.caller) ?? { running: 0, waiting: [] };
      const mine = caller.waiting.length;
      const isFull = mine >= callerWaitingMax || (mine > 0 && group.waiting >= GROUP_WAITING_MAX);
      if (isFull && who.isAdmitted !== true) throw new BusyError();
      groups.set(who.group, group);
      group.callers.set(who.caller, caller);
      await wait(who, group, caller);
      try {
        return await work();
      } finally {
        end(who, group, caller);
      }
    },
  };
}

/**
 * Ends a sandbox that has lived, or idled, for as long as it may. Threat: a sandbox outlives its time because the control plane is away
 * or the node agent was restarted. Invariant: the start and the last activity are on disk, the bounds are those it was started with, and
 * nothing but this host is asked.
 */
import type { Traffic } from "@creel/gateway";
import type { EndCause } from "@creel/protocol";
import { BOUND_CHECK_MS } from "../limits.ts";

export interface Activity {
  /** Its signs of life on the network; null while the gateway is away, and then nothing gets out. */
  traffic(): Promise<Traffic | null>;
  /** Bytes it has written to its log so far. */
  outputBytes(): Promise<number>;
}
export interface Active {
  atMs: number;
  outputBytes: number;
}

export interface TimeBounds {
  /** Why it must end now; null as long as it may go on. */
  over(): EndCause | null;
  close(): void;
}

export function watchTimeBounds(options: {
  startedAt: string;
  lifetimeSeconds: number | null;
  idleSeconds: number | null;
  activity: Activity;
  /** What an earlier life of this process saw. */
  active: Active | null;
  onActive: (active: Active) => Promise<void>;
  onOver: (cause: EndCause) => void;
  onProblem: (error: unknown) => void;
  now: () => number;
}): TimeBounds {
  const { activity, now } = options;
  const startedMs = Date.parse(options.startedAt);
  const lifetimeEndMs = options.lifetimeSeconds === null ? null : startedMs + options.lifetimeSeconds * 1000;
  const idleMs = options.idleSeconds === null ? null : options.idleSeconds * 1000;
  let active: Active = options.active ?? { atMs: startedMs, outputBytes: 0 };
  let counted: number | null = null;
  let cause: EndCause | null = null;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;

  const lookForActivity = async (): Promise<void> => {
    const [seen, outputBytes] = await Promise.all([activity.traffic(), activity.outputBytes()]);
    // The first look after a start of ours is the base: what went on before was seen by the life before, or could not go on at all.
    const moved = seen !== null && counted !== null && seen.count !== counted;
    if (seen !== null) counted = seen.count;
    // What waits for an answer is not idle, however long it takes: that is for the lifetime to end.
    const waits = seen !== null && seen.open > 0;
    if (!moved && !waits && outputBytes === active.outputBytes) return;
    active = { atMs: now(), outputBytes };
    await options.onActive(active);
  };
  /** Milliseconds until the next look; null once it is over. */
  const check = async (): Promise<number | null> => {
    if (lifetimeEndMs !== null && now() >= lifetimeEndMs) cause = "lifetime";
    else if (idleMs !== null) {
      await lookForActivity();
      if (now() >= active.atMs + idleMs) cause = "idle";
    }
    if (cause !== null) return null;
    const untilEnd = lifetimeEndMs === null ? Number.POSITIVE_INFINITY : lifetimeEndMs - now();
    const untilIdle = idleMs === null ? Number.POSITIVE_INFINITY : Math.min(idleMs / 4, active.atMs + idleMs - now());
    return Math.max(10, Math.min(untilEnd, untilIdle, BOUND_CHECK_MS));
  };
  const turn = async (): Promise<void> => {
    const nextMs = await check().catch((error: unknown) => {
      options.onProblem(error);
      return BOUND_CHECK_MS;
    });
    if (closed) return;
    if (nextMs === null) return options.onOver(cause ?? "lifetime");
    timer = setTimeout(() => void turn(), nextMs);
    timer.unref();
  };
  if (lifetimeEndMs !== null || idleMs !== null) void turn();

  return {
    over: () => cause,
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

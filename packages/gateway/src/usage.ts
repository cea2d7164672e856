import type { EndpointPlan } from "@creel/policy";

/** What an entry's `limits` have been used up to, in fixed windows of one sandbox. Counts begin anew with the gateway's process. */
export interface Usage {
  /** Why nothing more may go out under this entry now, or null. */
  bytesProblem(rule: string, limits: EndpointPlan["limits"], nowMs: number): UsageProblem | null;
  requestsProblem(rule: string, limits: EndpointPlan["limits"], nowMs: number): UsageProblem | null;
  addRequest(rule: string, limits: EndpointPlan["limits"], nowMs: number): void;
  addBytes(rule: string | null, bytes: number): void;
  /** The same for all requests of the sandbox together; null is unlimited. */
  sandboxProblem(requestsPerMinute: number | null, nowMs: number): UsageProblem | null;
  /** Gives what takes it back. */
  addSandboxRequest(nowMs: number): () => void;
}

export interface UsageProblem {
  reason: string;
  /** Until the next window. */
  retryAfterSeconds: number;
}

const PERIOD_MS = { second: 1000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

const secondsLeft = (per: keyof typeof PERIOD_MS, nowMs: number): number =>
  Math.ceil((PERIOD_MS[per] - (nowMs % PERIOD_MS[per])) / 1000);

interface Window {
  startMs: number;
  requests: number;
  bytes: number;
}

/** Entries are as many as the policy has; nothing a sandbox does adds one. */
export function createUsage(): Usage {
  const windows = new Map<string, Window>();
  const ofSandbox = { startMs: 0, requests: 0 };

  function sandboxWindow(nowMs: number) {
    const startMs = Math.floor(nowMs / PERIOD_MS.minute) * PERIOD_MS.minute;
    if (ofSandbox.startMs !== startMs) Object.assign(ofSandbox, { startMs, requests: 0 });
    return ofSandbox;
  }

  function windowOf(rule: string, per: keyof typeof PERIOD_MS, nowMs: number): Window {
    const startMs = Math.floor(nowMs / PERIOD_MS[per]) * PERIOD_MS[per];
    const known = windows.get(rule);
    if (known !== undefined && known.startMs === startMs) return known;
    const fresh = { startMs, requests: 0, bytes: 0 };
    windows.set(rule, fresh);
    return fresh;
  }

  return {
    bytesProblem(rule, limits, nowMs) {
      if (limits?.bytes === undefined || windowOf(rule, limits.per, nowMs).bytes < limits.bytes) return null;
      const reason = `Entry \`${rule}\` has used its ${limits.bytes} bytes of this ${limits.per}.`;
      return { reason, retryAfterSeconds: secondsLeft(limits.per, nowMs) };
    },
    requestsProblem(rule, limits, nowMs) {
      if (limits?.requests === undefined || windowOf(rule, limits.per, nowMs).requests < limits.requests) return null;
      const reason = `Entry \`${rule}\` has used its ${limits.requests} requests of this ${limits.per}.`;
      return { reason, retryAfterSeconds: secondsLeft(limits.per, nowMs) };
    },
    addRequest(rule, limits, nowMs) {
      if (limits !== null) windowOf(rule, limits.per, nowMs).requests += 1;
    },
    addBytes(rule, bytes) {
      const window = rule === null ? undefined : windows.get(rule);
      if (window !== undefined) window.bytes += bytes;
    },
    sandboxProblem(requestsPerMinute, nowMs) {
      if (requestsPerMinute === null || sandboxWindow(nowMs).requests < requestsPerMinute) return null;
      const reason = `The sandbox has used its ${requestsPerMinute} requests of this minute.`;
      return { reason, retryAfterSeconds: secondsLeft("minute", nowMs) };
    },
    addSandboxRequest(nowMs) {
      const window = sandboxWindow(nowMs);
      const { startMs } = window;
      window.requests += 1;
      return () => {
        if (window.startMs === startMs) window.requests -= 1;
      };
    },
  };
}

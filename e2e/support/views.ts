import { eventually, type Fleet } from "./fleet.ts";

/** The fields of the REST answers that these tests read. */
export interface Decision {
  id: string;
  cursor: number;
  boot: string;
  seq: number;
  sandbox: string;
  sandboxId: string;
  kind: string;
  decision: string;
  host: string;
  method: string | null;
  path: string | null;
  rule: string | null;
  generation: number;
  time: string;
}
export interface Sandbox {
  id: string;
  name: string;
  incarnation: number;
  status: {
    phase: string;
    pid: number | null;
    restarts: number;
    startedAt: string | null;
    reason: string;
    exitCode: number | null;
  } | null;
}
export interface Plan {
  id: string;
  generation: number;
  state: string;
  createdAt: string;
  finishedAt: string | null;
}

const PAGE = 500;

export const sandboxOf = (fleet: Fleet, name: string): Promise<Sandbox> => fleet.api("GET", `/sandboxes/${name}`);

export const runningSandbox = (fleet: Fleet, name: string, timeoutMs = 60_000): Promise<Sandbox> =>
  eventually(
    `sandbox ${name} running`,
    async () => {
      const sandbox = await sandboxOf(fleet, name);
      return sandbox.status?.phase === "running" && sandbox.status.pid !== null ? sandbox : null;
    },
    timeoutMs,
  );

/** Every decision after a cursor, oldest first. */
export async function decisionsAfter(fleet: Fleet, cursor: number): Promise<Decision[]> {
  const all: Decision[] = [];
  let after = cursor;
  for (;;) {
    const { items } = await fleet.api<{ items: Decision[] }>("GET", `/decisions?after=${after}&limit=${PAGE}`);
    all.push(...items);
    const last = items.at(-1);
    if (last === undefined || items.length < PAGE) return all;
    after = last.cursor;
  }
}

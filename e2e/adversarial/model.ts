/**
 * What an attack is. Threat: a suite that passes because nothing was attacked. Invariant: every case says before it runs what a
 * witness outside the sandbox must see, names the promise it attacks, and is tried unconfined too, where most of them succeed.
 */
import type { DecisionRecord } from "@creel/protocol";
import type { Stage } from "./stage.ts";

export const GROUPS = [
  "filesystem", "process", "resources", "network", "identity", "http", "dns", "credentials", "profiles", "lifecycle",
] as const; // biome-ignore format: a word list reads best as words
export type Group = (typeof GROUPS)[number];

/** What a contender must promise before a case can be asked of it; one that promises no such thing is not called open for it. */
export type Feature =
  /** Some hosts are reachable by name and others are not, for every program, through something that decides. */
  | "egress"
  /** Methods, paths and headers are judged. */
  | "rules"
  /** Which program connects is judged. */
  | "identity"
  /** Secrets that the program uses and never sees. */
  | "credentials"
  /** Bounds on what one sandbox may use. */
  | "limits"
  /** Kinds of sandbox: noexec workspaces, devices, and the like. */
  | "profiles"
  /** Decisions are written down. */
  | "journal"
  /** The `creel` command itself. */
  | "door";

export interface Program {
  language: "sh" | "node" | "calls";
  text: string;
}

/** What came of one attack, as seen from outside. */
export interface Seen {
  stage: Stage;
  /** null: killed or timed out. */
  code: number | null;
  /** Standard output and error of the program. */
  out: string;
  /** What reached servers of the host while it ran. */
  hits: readonly Hit[];
  /** Decisions written down while it ran. */
  records: readonly DecisionRecord[];
  /** Resolves once whatever the program had sent has arrived or never will; rejects where that cannot be known. */
  settled(): Promise<void>;
}

export interface Hit {
  server: string;
  /** Request line, or the bytes of a connection as latin1. */
  what: string;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

export interface Witness {
  /** The expectation, as a sentence about what must be observed. */
  says: string;
  /** Why it did not hold, or null. */
  check(seen: Seen): string | null | Promise<string | null>;
}

export interface Case {
  id: string;
  group: Group;
  title: string;
  promise: string;
  needs: readonly Feature[];
  program: Program;
  expect: Witness;
  /** Honest use that must work, so that nothing is held merely because everything is broken. */
  control: boolean;
  /** A known hole and why: shown in the table; the suite fails when the case unexpectedly holds. */
  open: string | null;
  /** Prepares the host just before the attack. */
  before: ((stage: Stage) => void | Promise<void>) | null;
  /** Replaces running the program: for whole sandboxes or the command line. Ours only. */
  run: ((stage: Stage, test: Case) => Promise<Pick<Seen, "code" | "out">>) | null;
  timeoutMs: number;
  /** Speaks of a whole run, and so is tried at the end of every part of it. */
  everyLane: boolean;
}

export interface Contender {
  name: string;
  /** As its own documents recommend for an untrusted agent, in one line. */
  configuration: string;
  promises: ReadonlySet<Feature>;
  /** Why it cannot be run on this host, or null. */
  missing(): string | null;
  start(stage: Stage): Promise<void>;
  run(test: Case): Promise<Pick<Seen, "code" | "out">>;
  /** Sends something that is allowed, the same way, and resolves once it has arrived: what was sent before has had its turn. */
  settle(): Promise<void>;
  records(): readonly DecisionRecord[];
  stop(): Promise<void>;
}

export type Verdict = "held" | "open" | "none";
export interface Result {
  test: Case;
  verdict: Verdict;
  why: string;
  ms: number;
}

/** Who says whether an attack failed. Everything here looks from outside, at what the host, its servers and the journal saw. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { DecisionRecord } from "@creel/protocol";
import type { Seen, Witness } from "./model.ts";

/** Look-ups without a connection are written down after three seconds; the rest is for a busy machine. */
const RECORD_WAIT_MS = 30_000;
const POLL_MS = 20;

const SPACE = 0x20;
const BELL_AND_BELOW = 0x08;
const DELETE = 0x7f;
export const hasControls = (text: string, below = SPACE): boolean =>
  [...text].some((letter) => letter < String.fromCodePoint(below) || letter === String.fromCodePoint(DELETE));

/** Bytes of a protocol came back, where only words of the program's own may stand. */
export const noBinary: Witness = {
  says: "no binary answer comes back",
  check: ({ out }) => (hasControls(out, BELL_AND_BELOW) ? `it printed ${JSON.stringify(out.slice(0, 200))}` : null),
};

export const all = (...parts: Witness[]): Witness => ({
  says: parts.map((part) => part.says).join("; "),
  async check(seen) {
    for (const part of parts) {
      const problem = await part.check(seen);
      if (problem !== null) return problem;
    }
    return null;
  },
});

/** The host's secrets are random and known to nobody inside: seen there, they were stolen. */
export const keptSecret: Witness = {
  says: "the random text of the host's file does not appear in what the program prints",
  check: ({ stage, out }) => (out.includes(stage.token) ? "the host's secret came out" : null),
};

export const unchanged: Witness = {
  says: "the host's file has the content and the mode it had before",
  check: ({ stage }) => (stage.victimIntact() ? null : "the host's file was changed"),
};

export const noFile = (name: string): Witness => ({
  says: `the host's folder holds no ${name}`,
  check: ({ stage }) => (existsSync(join(stage.hostDir, name)) ? `${name} was made on the host` : null),
});

export const victimLives: Witness = {
  says: "the host's process still runs",
  check: ({ stage }) => (stage.victimAlive() ? null : "the host's process is gone"),
};

export const nothingReached = (...servers: string[]): Witness => ({
  says: `the host's ${servers.join(" and ")} server got nothing`,
  async check(seen) {
    await seen.settled();
    const hit = seen.hits.find(({ server }) => servers.includes(server));
    return hit === undefined ? null : `${hit.server} got ${JSON.stringify(hit.what.slice(0, 80))}`;
  },
});

export const nothingAnywhere: Witness = {
  says: "no server of the host got anything",
  async check(seen) {
    await seen.settled();
    const [hit] = seen.hits;
    return hit === undefined ? null : `${hit.server} got ${JSON.stringify(hit.what.slice(0, 80))}`;
  },
};

/** What a server got, looked at as a whole: start line, headers and body. */
export const serverGot = (server: string, pattern: RegExp): Witness => ({
  says: `the host's ${server} server got ${pattern}`,
  check({ hits }) {
    const texts = hits.filter((hit) => hit.server === server).map(wholeOf);
    return texts.some((text) => pattern.test(text)) ? null : `${server} got ${JSON.stringify(texts).slice(0, 200)}`;
  },
});

export const serverNeverGot = (server: string, pattern: RegExp): Witness => ({
  says: `the host's ${server} server never got ${pattern}`,
  async check(seen) {
    await seen.settled();
    const found = seen.hits
      .filter((hit) => hit.server === server)
      .map(wholeOf)
      .find((text) => pattern.test(text));
    return found === undefined ? null : `${server} got ${JSON.stringify(found).slice(0, 200)}`;
  },
});

const wholeOf = (hit: { what: string; headers: object; body: string }): string =>
  `${hit.what}\n${JSON.stringify(hit.headers)}\n${hit.body}`;

/** The helpers print 0 when the kernel let them, else the errno. */
export const refused: Witness = {
  says: "the kernel refuses the call",
  check({ out }) {
    const numbers: string[] = out.match(/^\d+$/gm) ?? [];
    if (numbers.length === 0) return `the helper printed no number: ${JSON.stringify(out.slice(0, 120))}`;
    return numbers.includes("0") ? "the kernel allowed it" : null;
  },
};

export const prints = (pattern: RegExp): Witness => ({
  says: `what comes back matches ${pattern}`,
  check: ({ out }) => (pattern.test(out) ? null : `it printed ${JSON.stringify(out.slice(0, 300))}`),
});

export const neverPrints = (pattern: RegExp): Witness => ({
  says: `what comes back never matches ${pattern}`,
  check: ({ out }) => (pattern.test(out) ? `it printed ${JSON.stringify(out.slice(0, 300))}` : null),
});

export const noCredential: Witness = {
  says: "the credential's real value appears neither inside nor in the journal",
  check({ stage, out, records }) {
    if (stage.secrets.some((secret) => out.includes(secret))) return "the real credential came out";
    const text = JSON.stringify(records);
    return stage.secrets.some((secret) => text.includes(secret)) ? "the real credential is in the journal" : null;
  },
};

/** A decision with these fields is written down, for every contender that promises a journal. */
export const recorded = (
  fields: Partial<Pick<DecisionRecord, "decision" | "host" | "kind" | "method" | "port">>,
): Witness => ({
  says: `a decision ${JSON.stringify(fields)} is written down`,
  async check(seen: Seen) {
    const holds = (record: DecisionRecord) =>
      Object.entries(fields).every(([name, value]) => Reflect.get(record, name) === value);
    for (const end = Date.now() + RECORD_WAIT_MS; Date.now() < end; await delay(POLL_MS))
      if (seen.records.some(holds)) return null;
    return `the journal has ${JSON.stringify(seen.records.map(({ kind, decision, host, method }) => ({ kind, decision, host, method })))}`;
  },
});

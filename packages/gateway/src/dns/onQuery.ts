import type { RemoteInfo } from "node:dgram";
import { canonicalHost, namesHost } from "@creel/policy";
import { DNS_DENIAL_REPEAT_MS, DNS_DENIALS_REMEMBERED_MAX, DNS_QUERIES_PER_SECOND_MAX } from "../limits.ts";
import { refuse } from "../settle.ts";
import { type Context, OWN_HOST, type SandboxState } from "../state.ts";
import { answerQuery } from "./answer.ts";

/** Answers the name queries of one sandbox. */
export function createDnsPort(context: Context, state: SandboxState): (bytes: Buffer, from: RemoteInfo) => void {
  const denied = new Map<string, number>();
  let windowStart = 0;
  let inWindow = 0;

  function tooMany(): boolean {
    const now = performance.now();
    if (now - windowStart >= 1000) {
      windowStart = now;
      inWindow = 0;
    }
    inWindow += 1;
    return inWindow > DNS_QUERIES_PER_SECOND_MAX;
  }

  function addressFor(raw: string): string | "none" {
    const name = canonicalHost(raw);
    if (name === null) return "none";
    const named = name === OWN_HOST || namesHost(state.inForce.policy, name, context.now());
    return named ? (state.names.addressOf(name) ?? "none") : "none";
  }

  /** One denial of a name within a short span is one entry: resolvers ask for A, for AAAA, and again. */
  function isRepeat(name: string): boolean {
    const now = performance.now();
    const before = denied.get(name);
    denied.delete(name);
    denied.set(name, now);
    const oldest = denied.keys().next().value;
    if (denied.size > DNS_DENIALS_REMEMBERED_MAX && oldest !== undefined) denied.delete(oldest);
    return before !== undefined && now - before < DNS_DENIAL_REPEAT_MS;
  }

  return (bytes, from) => {
    if (state.closed || tooMany()) return;
    const answer = answerQuery(bytes, addressFor);
    if (answer === null) return;
    const reply = () => {
      if (state.closed) return;
      try {
        state.network.dns.send(answer.reply, from.port, from.address, () => {});
      } catch {
        // The sandbox ended between its question and our answer.
      }
    };
    if (answer.refused === null) return reply();
    const name = answer.refused.name.toLowerCase();
    if (isRepeat(name)) return reply();
    const subject = {
      kind: "dns" as const,
      identity: null,
      host: name,
      port: 0,
      protocol: "dns",
      method: answer.refused.type,
      path: null,
    };
    void refuse(context, state, subject, `No rule names ${name}; it does not exist for this sandbox.`).then(reply);
  };
}

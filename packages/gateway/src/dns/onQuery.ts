import type { RemoteInfo } from "node:dgram";
import { isIP } from "node:net";
import { canonicalHost, namesHost } from "@creel/policy";
import { DNS_QUERIES_PER_SECOND_MAX } from "../limits.ts";
import { type Context, OWN_HOST, PROXY_HOST, type SandboxState } from "../state.ts";
import { answerQuery } from "./answer.ts";
import { createQueryRate } from "./queryRate.ts";

/** Answers the name queries of one sandbox. */
export function createDnsPort(context: Context, state: SandboxState): (bytes: Buffer, from: RemoteInfo) => void {
  const tooMany = createQueryRate(DNS_QUERIES_PER_SECOND_MAX);

  const isNamed = (name: string) =>
    name === OWN_HOST || name === PROXY_HOST || namesHost(state.inForce.policy, name, context.now());

  function addressFor(raw: string): string | "none" {
    const name = canonicalHost(raw);
    if (name === null || isIP(name) !== 0) return "none";
    return state.names[isNamed(name) ? "named" : "unnamed"].addressOf(name) ?? "none";
  }

  return (bytes, from) => {
    if (state.closed || tooMany()) return;
    const answer = answerQuery(bytes, addressFor);
    if (answer === null) return;
    if (answer.question !== null) {
      const name = canonicalHost(answer.question.name) ?? answer.question.name.toLowerCase();
      if (!isNamed(name) && !state.unusedNames.asked(name, answer.question.type)) return;
    }
    try {
      state.network.dns.send(answer.reply, from.port, from.address, () => {});
    } catch {
      // The sandbox ended between its question and our answer.
    }
  };
}

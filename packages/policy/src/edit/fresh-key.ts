import type { Policy } from "../model.ts";

/** A name that no entry of the policy has, made of what the entry says. */
export function freshKey(policy: Policy, of: { verb: "allow" | "deny"; binary: string; host: string }): string {
  const program = of.binary.split("/").at(-1) ?? "program";
  const base = `${of.verb}_${program}_${of.host}`
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  let key = base;
  for (let n = 2; Object.hasOwn(policy.network_policies, key); n++) key = `${base}_${n}`;
  return key;
}

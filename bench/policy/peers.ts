/** The same rules, each in its peer's own idiom and asked through its fastest call. */
import { createRequire } from "node:module";
import { getCedarVersion, preparsePolicySet, statefulIsAuthorized } from "@cedar-policy/cedar-wasm/nodejs";
import { newEnforcer, newModelFromString } from "casbin";
import type { Asked, Rule } from "./rules.ts";

export interface Peer {
  name: string;
  /** Milliseconds to make rules ready to be asked. */
  loadMs: number;
  allows: (asked: Asked) => boolean;
}

const quoted = (text: string): string => JSON.stringify(text);
const siteOf = ({ host, port }: { host: string; port: number }): string => `${host}:${port}`;

/** Programs, methods and sites are entities in the scope; a path is an attribute of the request. */
export function cedarText(rules: readonly Rule[]): string {
  return rules
    .map(({ effect, program, host, port, methods, path }) => {
      const actions = methods.map((method) => `Action::${quoted(method)}`).join(", ");
      const condition = path.endsWith("/**")
        ? `context.path like ${quoted(`${path.slice(0, -2)}*`)}`
        : `context.path == ${quoted(path)}`;
      return `${effect === "allow" ? "permit" : "forbid"}(principal == Program::${quoted(program)}, action in [${actions}], resource == Site::${quoted(siteOf({ host, port }))}) when { ${condition} };`;
    })
    .join("\n");
}

export function cedarPeer(rules: readonly Rule[], id: string): Peer {
  const text = cedarText(rules);
  const began = performance.now();
  const answer = preparsePolicySet(id, { staticPolicies: text });
  const loadMs = performance.now() - began;
  if (answer.type !== "success")
    throw new Error(`Cedar does not read the rules: ${JSON.stringify(answer).slice(0, 300)}`);
  return {
    name: "cedar-wasm",
    loadMs,
    allows: (asked) => {
      const result = statefulIsAuthorized({
        principal: { type: "Program", id: asked.program },
        action: { type: "Action", id: asked.method },
        resource: { type: "Site", id: siteOf(asked) },
        context: { path: asked.path },
        preparsedPolicySetId: id,
        entities: [],
      });
      if (result.type !== "success") throw new Error(`Cedar fails: ${JSON.stringify(result).slice(0, 300)}`);
      return result.response.decision === "allow";
    },
  };
}

/** With denies every rule must be looked at; without, the first allow ends the search. */
const casbinModel = (denies: boolean): string => `
[request_definition]
r = sub, site, path, act

[policy_definition]
p = sub, site, path, act, eft

[policy_effect]
e = some(where (p.eft == allow))${denies ? " && !some(where (p.eft == deny))" : ""}

[matchers]
m = r.site == p.site && r.sub == p.sub && r.act == p.act && keyMatch(r.path, p.path)
`;

export async function casbinPeer(rules: readonly Rule[]): Promise<Peer> {
  const rows = rules.flatMap((rule) =>
    rule.methods.map((method) => [rule.program, siteOf(rule), rule.path.replace(/\*\*$/, "*"), method, rule.effect]),
  );
  const began = performance.now();
  const enforcer = await newEnforcer(newModelFromString(casbinModel(rules.some(({ effect }) => effect === "deny"))));
  await enforcer.addPolicies(rows);
  return {
    name: "casbin",
    loadMs: performance.now() - began,
    allows: ({ program, method, path, ...site }) => enforcer.enforceSync(program, siteOf(site), path, method),
  };
}

const require = createRequire(import.meta.url);
/** The versions that were measured belong beside the figures. */
export const peerVersions = (): Record<string, string> => ({
  "cedar-wasm": getCedarVersion(),
  casbin: (require("casbin/package.json") as { version: string }).version,
});

/** `sandbox:` of a policy, and a program that lost its name to a library that the agent could have written. */
import { describe, expect, test } from "vitest";
import {
  compilePolicy,
  decide,
  diffPolicies,
  explainRequest,
  parsePolicy,
  planEndpoint,
  printPolicy,
} from "../src/index.ts";
import { must } from "./support.ts";

const NOW = Date.parse("2026-01-01T00:00:00Z");
const LIBRARY = "/sandbox/work/evil.so";
const file = (more: string): string => `version: 1
${more}network_policies:
  hub:
    endpoints:
      - { host: api.hub.example, port: 443, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/git
  everybody:
    endpoints:
      - host: open.example
        port: 443
        protocol: rest
        access: full
    binaries:
      - path: "/**"
  but:
    endpoints:
      - host: open.example
        port: 443
        protocol: rest
        access: read-only
        deny_rules:
          - { method: "*", path: /secret/** }
    binaries:
      - path: /usr/bin/git
`;
const asked = { binary: "/usr/bin/git", host: "api.hub.example", port: 443, method: "GET", path: "/x" };
const judged = (text: string, request: Parameters<typeof decide>[1]) =>
  decide(compilePolicy(must(parsePolicy(text))), request, NOW);

describe("a program that runs code of a library the agent can write", () => {
  test("loses what is allowed to its name, and is told which library it was", () => {
    expect(judged(file(""), asked).decision).toBe("allow");
    const denied = judged(file(""), { ...asked, library: LIBRARY });
    expect(denied.decision).toBe("deny");
    expect(denied.reason).toContain(LIBRARY);
    const { method: _m, path: _p, ...connection } = asked;
    expect(
      planEndpoint(compilePolicy(must(parsePolicy(file("")))), { ...connection, library: LIBRARY }, NOW),
    ).toBeNull();
  });

  test("keeps what every program is allowed, and does not shake off what its name is denied", () => {
    const open = { ...asked, host: "open.example", library: LIBRARY };
    expect(judged(file(""), open).decision).toBe("allow");
    expect(judged(file(""), { ...open, path: "/secret/a" }).decision).toBe("deny");
  });

  test.each(["/*", "/usr/**", "/usr/bin/*", "/**/git"])("no other pattern than /** names it: %s", (path) => {
    const text = file("").replace("path: /usr/bin/git", `path: "${path}"`);
    expect(judged(text, { ...asked, library: LIBRARY }).decision).toBe("deny");
  });

  test("neither its parents nor its digest nor its script give the name back", () => {
    const more = { ancestors: ["/usr/bin/git"], sha256: "ab".repeat(32), script: "/opt/x.py", library: LIBRARY };
    for (const fields of ["inherit: true", `sha256: "${"ab".repeat(32)}"`, "script: /opt/x.py"]) {
      const text = file("").replace("path: /usr/bin/git\n", `path: "/**"\n        ${fields}\n`);
      const held = judged(text, { ...asked, ...more });
      expect(held.decision, fields).toBe(fields.startsWith("inherit") ? "allow" : "deny");
    }
    const byParent = file("").replace("path: /usr/bin/git\n", "path: /usr/bin/git\n        inherit: true\n");
    expect(judged(byParent, { ...asked, ...more, binary: "/usr/bin/curl" }).decision).toBe("deny");
  });

  test("where programs can write into each other, no name counts unless the file says so", () => {
    const nested = (more: string): string => file(`sandbox:\n  nested_userns: true\n${more}`);
    expect(judged(nested(""), asked)).toMatchObject({
      decision: "deny",
      reason: expect.stringContaining("nested_userns"),
    });
    expect(judged(nested(""), { ...asked, host: "open.example" }).decision).toBe("allow");
    expect(judged(nested("  writable_libraries: allow\n"), asked).decision).toBe("allow");
    const found = explainRequest(nested(""), asked, NOW);
    if ("problems" in found) throw new Error("the file is valid");
    expect(found.steps.at(-1)?.detail).toContain("nested_userns");
  });

  test("in monitor mode it is recorded", () => {
    expect(judged(file("mode: monitor\n"), { ...asked, library: LIBRARY }).decision).toBe("would_deny");
  });

  test("with `writable_libraries: allow` it is itself", () => {
    const text = file("sandbox:\n  writable_libraries: allow\n");
    expect(judged(text, { ...asked, library: LIBRARY }).decision).toBe("allow");
  });

  test("the explanation says so, and offers no edit", () => {
    const found = explainRequest(file(""), { ...asked, library: LIBRARY }, NOW);
    if ("problems" in found) throw new Error("the file is valid");
    expect(found.decision.decision).toBe("deny");
    expect(found.steps.at(-1)?.detail).toContain(LIBRARY);
    expect(found.turn).toBeNull();
    expect(found.unturnable).toContain("writable_libraries");
  });

  test("a program that may ask the model by its name may not ask it any more", () => {
    const text = `version: 1\nnetwork_policies: {}\ninference:\n  binaries:\n    - path: /opt/agent\n`;
    const model = { binary: "/opt/agent", host: "inference.local", port: 443 };
    expect(judged(text, model).decision).toBe("allow");
    expect(judged(text, { ...model, library: LIBRARY }).decision).toBe("deny");
  });
});

describe("the section", () => {
  const section = `sandbox:
  limits: { memory_bytes: 536870912, cpus: 0.5, connections: 64 }
  workspace: { noexec: true, protect: [.git/hooks, .mcp.json] }
  devices: [gpu, /dev/dri/renderD128]
  nested_userns: true
  on_invalid_policy: quarantine
`;
  test("is read, printed and read again", () => {
    const policy = must(parsePolicy(file(section)));
    expect(policy.sandbox).toEqual({
      limits: { memory_bytes: 536_870_912, cpus: 0.5, connections: 64 },
      workspace: { noexec: true, protect: [".git/hooks", ".mcp.json"] },
      devices: ["gpu", "/dev/dri/renderD128"],
      nested_userns: true,
      on_invalid_policy: "quarantine",
    });
    expect(must(parsePolicy(printPolicy(policy)))).toEqual(policy);
  });

  test.each([
    ["limits: { cpus: 0 }", "sandbox.limits.cpus"],
    ["limits: { cpus: 536870912 }", "sandbox.limits.cpus"],
    ["limits: { memory: 5 }", "sandbox.limits.memory"],
    ["limits: { memory_bytes: 0 }", "sandbox.limits.memory_bytes"],
    ["limits: { memory_bytes: 1048575 }", "sandbox.limits.memory_bytes"],
    ["limits: { tmp_bytes: 1000000 }", "sandbox.limits.tmp_bytes"],
    ["limits: { open_files: 15 }", "sandbox.limits.open_files"],
    ["limits: { processes: 100001 }", "sandbox.limits.processes"],
    ["limits: { cpus: 0.001 }", "sandbox.limits.cpus"],
    ["limits: { cpus: 1025 }", "sandbox.limits.cpus"],
    ["devices: [/etc/shadow]", "sandbox.devices[0]"],
    ["devices: [/dev/../etc/shadow]", "sandbox.devices[0]"],
    ["devices: [gpu, nvidia0]", "sandbox.devices[1]"],
    ["workspace: { protect: [../x] }", "sandbox.workspace.protect[0]"],
    ["workspace: { protect: [/etc] }", "sandbox.workspace.protect[0]"],
    ["workspace: { protect: [a//b] }", "sandbox.workspace.protect[0]"],
    ["writable_libraries: maybe", "sandbox.writable_libraries"],
  ])("%s is an error at %s", (line, field) => {
    const { policy, problems } = parsePolicy(file(`sandbox:\n  ${line}\n`));
    expect(policy).toBeNull();
    expect(problems.map(({ place }) => place.field)).toContain(field);
  });

  test.each([
    ["", "sandbox:\n  nested_userns: true\n", "sandbox.nested_userns", "widens", "high"],
    ["", "sandbox:\n  devices: [gpu]\n", "sandbox.devices", "widens", "high"],
    ["", "sandbox:\n  writable_libraries: allow\n", "sandbox.writable_libraries", "widens", "high"],
    ["", "sandbox:\n  workspace: { protect: [] }\n", "sandbox.workspace.protect", "widens", "high"],
    ["", "sandbox:\n  limits: { processes: 9 }\n", "sandbox.limits.processes", "narrows", "low"],
    ["", "sandbox:\n  workspace: { noexec: true }\n", "sandbox.workspace.noexec", "narrows", "low"],
    ["sandbox:\n  limits: { processes: 9 }\n", "", "sandbox.limits.processes", "widens", "medium"],
    [
      "sandbox:\n  workspace: { protect: [a] }\n",
      "sandbox:\n  workspace: { protect: [a, b] }\n",
      "sandbox.workspace.protect",
      "narrows",
      "low",
    ],
    [
      "sandbox:\n  workspace: { protect: [a, b] }\n",
      "sandbox:\n  workspace: { protect: [a, c] }\n",
      "sandbox.workspace.protect",
      "changes",
      "high",
    ],
  ])("a reviewer is told what a change means: %j to %j", (before, after, field, effect, grade) => {
    const { settings } = diffPolicies(must(parsePolicy(file(before))), must(parsePolicy(file(after))), { nowMs: NOW });
    expect(settings.map((one) => [one.field, one.effect, one.risk.grade])).toEqual([[field, effect, grade]]);
  });
});

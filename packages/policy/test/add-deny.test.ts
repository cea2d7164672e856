import { describe, expect, it } from "vitest";
import { addDeny, compilePolicy, decide, diffLines, parsePolicy } from "../src/index.ts";

const CURL = "/usr/bin/curl";
const FILE = `# What the agents of this team may do.
version: 1
network_policies:
  api:
    endpoints:
      - { host: api.example.com, port: 443, protocol: rest, access: read-only } # for reading
    binaries:
      - { path: ${CURL} }
`;
const request = { binary: CURL, host: "api.example.com", port: 443, method: "POST", path: "/users/7/keys" };
const read = (yaml: string) => {
  const { policy, problems } = parsePolicy(yaml);
  if (policy === null) throw new Error(JSON.stringify(problems));
  return policy;
};
const judge = (yaml: string, more: Partial<typeof request> = {}) =>
  decide(compilePolicy(read(yaml)), { ...request, ...more }, 0);

describe("a deny rule that is proposed", () => {
  it("is one entry with its reason, and every other line stays as it was written", () => {
    const after = addDeny(FILE, request, 'nobody needs this: "ever"');
    expect(diffLines(FILE, after).filter(({ kind }) => kind === "removed")).toEqual([]);
    expect(after.startsWith(FILE)).toBe(true);
    expect(read(after).network_policies.deny_curl_api_example_com?.reason).toBe('nobody needs this: "ever"');
  });

  it("denies what differs in identifiers or in spelling, and nothing else", () => {
    const after = addDeny(FILE, request, "x");
    for (const path of ["/users/8/keys", "/Users/8/keys/", "/users/8/%6beys"])
      expect(judge(after, { path }).reason).toMatch(/^Denied by /);
    expect(judge(after, { method: "GET" }).decision).toBe("allow");
    expect(judge(after, { path: "/users/7" }).reason).not.toMatch(/^Denied by /);
  });

  it("beats what another entry allows, also one that is written later", () => {
    const after = addDeny(FILE, request, "x").replace("access: read-only", "access: full");
    expect(judge(after).decision).toBe("deny");
    expect(judge(after, { path: "/users" }).decision).toBe("allow");
  });

  it("opens nothing: not a request, and not the name of a host that no entry names", () => {
    const get = { ...request, method: "GET", path: "/admin" };
    const after = addDeny(FILE, get, "x");
    expect(judge(after, get).decision).toBe("deny");
    expect(() => addDeny(FILE, { ...request, host: "evil.example.com" }, "x")).toThrow(/No entry names this host/);
  });

  it("changes nothing where one names it already", () => {
    const after = addDeny(FILE, request, "x");
    expect(addDeny(after, { ...request, path: "/users/9/keys" }, "again")).toBe(after);
  });

  it.each([
    ["a connection that nobody read", { method: undefined, path: undefined }, FILE],
    ["a host whose connections pass unread", {}, FILE.replace(", protocol: rest, access: read-only", "")],
    ["a file with errors", {}, "version: 1\nnetwork_policies: 7\n"],
    ["a target without one reading", { path: "/a/../../b%00" }, FILE],
  ])("is refused for %s", (_what, more, file) => {
    expect(() => addDeny(file, { ...request, ...more }, "x")).toThrow();
  });

  it("holds whatever a reason says as text", () => {
    for (const reason of ["a: b", "- x\nnetwork_policies: {}", "\u202e# }]", "yes"]) {
      const { network_policies } = read(addDeny(FILE, request, reason));
      expect(Object.keys(network_policies)).toEqual(["api", "deny_curl_api_example_com"]);
      expect(network_policies.deny_curl_api_example_com?.reason).toBe(reason);
    }
  });
});

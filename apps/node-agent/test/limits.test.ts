import { existsSync } from "node:fs";
import { join } from "node:path";
import { decision } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Boxes, startBoxes } from "./boxes.ts";
import { HOST, policyYaml, until } from "./fleet.ts";

const MIB = 1024 * 1024;
const node = (source: string): string[] => ["/opt/node/bin/node", "-e", source];

let boxes: Boxes;
beforeAll(async () => {
  boxes = await startBoxes();
});
afterAll(async () => await boxes?.close());

/** Which agent ends stays ended only without a restart: with one, the status is soon about the next life. */
const ended = async (name: string, wish: Parameters<Boxes["make"]>[1]) => {
  const { id } = await boxes.make(name, { ...wish, restart: "never" });
  return { id, status: await boxes.inPhase(id, "exited") };
};

describe("a sandbox that reaches a limit ends alone, and everybody is told which", () => {
  it("memory, by the fleet's limit", async () => {
    const command = node("const held = []; for (;;) held.push(Buffer.alloc(1 << 20, 1));");
    const { id, status } = await ended("hungry", { command, limits: { memoryBytesMax: 128 * MIB } });
    expect(status).toMatchObject({ cause: "memory", reason: "Ended: it used more than 128 MiB of memory." });
    expect(await boxes.auditOf("sandbox.ended", id)).toHaveLength(1);
  });

  it("workspace bytes, by the policy's limit, which is the smaller", async () => {
    const yaml = policyYaml(["GET"]).replace(
      "version: 1\n",
      "version: 1\nsandbox:\n  limits: { workspace_bytes: 1048576 }\n",
    );
    const command = node(
      'const fs = require("node:fs"); for (let n = 0; ; n++) { try { fs.writeFileSync("f" + n, Buffer.alloc(1 << 16, 1)); } catch {} }',
    );
    const { status } = await ended("hoarder", { yaml, command, limits: { workspaceBytesMax: 64 * MIB } });
    expect(status).toMatchObject({ cause: "workspace", reason: "Ended: its workspace grew beyond 1 MiB." });
  });
});

describe("the fleet's bounds on the network reach the gateway", () => {
  const asks = (count: number) =>
    node(
      `(async () => { for (let n = 0; n < ${count}; n++) { const r = await fetch("https://${HOST}/api/" + n); await r.text(); console.log("answer", r.status); } console.log("done"); setInterval(() => 0, 1000); })();`,
    );
  const decisionsOf = async (id: string) =>
    (await decision.list({ ctx: boxes.fleet.owner, input: { sandboxId: id, limit: 500 } })).items.filter(
      ({ method }) => method === "GET",
    );

  it("requests beyond those a minute may have are refused, at the limit and not before", async () => {
    const { id } = await boxes.make("chatty", { command: asks(5), limits: { requestsPerMinuteMax: 3 } });
    await boxes.logged(id, "done");
    const seen = await until(async () => {
      const all = await decisionsOf(id);
      return all.length === 5 ? all : null;
    });
    expect(
      seen
        .filter((each) => each.decision === "allow")
        .map(({ path }) => path)
        .sort(),
    ).toEqual(["/api/0", "/api/1", "/api/2"]);
    expect(seen.filter((each) => each.decision === "deny")).toHaveLength(2);
  });

  it("a sandbox without such a limit is not slowed", async () => {
    const { id } = await boxes.make("free", { command: asks(5) });
    await boxes.logged(id, "done");
    expect(boxes.fleet.read(`sandboxes/${id}/log`).match(/answer 200/g)).toHaveLength(5);
  });
});

describe("the workspace of a node's sandbox", () => {
  it("belongs to the agent whole: what a repository needs at its root can be made", async () => {
    const { id } = await boxes.make("builder", {
      script:
        "mkdir -p .git/hooks && echo x >.git/config && echo y >.git/hooks/pre-commit && ls -A && echo made; exec sleep 300",
    });
    await boxes.logged(id, "made");
    expect(boxes.fleet.read(`sandboxes/${id}/log`).split("\n").slice(0, 2)).toEqual([".git", "made"]);
    expect(existsSync(join(boxes.fleet.nodeDir, "sandboxes", id, "workspace/.git/hooks/pre-commit"))).toBe(true);
  });

  it("keeps from the agent what the policy names", async () => {
    const yaml = policyYaml(["GET"]).replace(
      "version: 1\n",
      "version: 1\nsandbox:\n  workspace: { protect: [.mcp.json] }\n",
    );
    const { id } = await boxes.make("guarded", {
      yaml,
      script: "echo y >.mcp.json && echo made || echo refused; exec sleep 300",
    });
    await boxes.logged(id, "refused");
  });
});

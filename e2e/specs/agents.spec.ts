import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { eventually, Fleet } from "../support/fleet.ts";
import { decisionsAfter, type Sandbox, sandboxOf } from "../support/views.ts";

/** Real agents, unmodified, each working through a turn with real shell tool calls inside its sandbox; the model is scripted. */
const fleet = new Fleet();
const TURN_MS = 120_000;
/** Without substitutions, which some agents refuse, and with pauses: some lose what a fast command printed. */
const PROMPT = [
  "Run these shell commands with your shell tool, one after the other, exactly as written. Then say what they printed.",
  "",
  "```sh",
  "id -un > /sandbox/work/proof; sleep 0.4",
  'sed "s/^/made by /" /sandbox/work/proof > /sandbox/work/second; sleep 0.4',
  "```",
].join("\n");
/** The scripted model, and nothing else. */
const TIGHT = "version: 1\nnetwork_policies: {}\ninference:\n  models: [creel-scripted-demo]\n";
const AGENTS = ["pi", "claude", "codex", "opencode", "gemini", "qwen", "cline", "continue", "copilot", "openclaw"];
let policyId = "";

test.beforeAll(async () => {
  test.setTimeout(240_000);
  await fleet.start();
  const body = { name: "tight", yaml: TIGHT, message: "The model alone" };
  ({ id: policyId } = await fleet.api<{ id: string }>("POST", "/policies", body));
});
test.afterAll(async () => {
  test.setTimeout(90_000);
  await fleet.remove();
});

for (const plugin of AGENTS) {
  test(`${plugin} completes a turn inside the sandbox`, async () => {
    test.setTimeout(TURN_MS + 30_000);
    const { items: nodes } = await fleet.api<{ items: { id: string }[] }>("GET", "/nodes");
    const name = `turn-${plugin}`;
    const { id } = await fleet.api<Sandbox>("POST", "/sandboxes", {
      name,
      nodeId: nodes[0]?.id,
      policyId,
      agent: { plugin, prompt: PROMPT },
      restart: { policy: "never", delayMs: 0 },
    });
    const ended = await eventually(
      `${plugin} has ended`,
      async () => {
        const sandbox = await sandboxOf(fleet, name);
        return ["exited", "failed"].includes(sandbox.status?.phase ?? "") ? sandbox : null;
      },
      TURN_MS,
    );
    const { chunks } = await fleet.api<{ chunks: { data: string }[] }>("GET", `/sandboxes/${name}/logs`);
    const log = chunks.map(({ data }) => data).join("");
    expect(ended.status, log).toMatchObject({ phase: "exited", exitCode: 0 });
    const second = join(fleet.home, "node/sandboxes", id, "workspace/second");
    expect(existsSync(second), log).toBe(true);
    expect(readFileSync(second, "utf8")).toBe("made by sandbox\n");
    const asked = (await decisionsAfter(fleet, 0)).filter((each) => each.sandbox === name);
    expect(asked.some((each) => each.host === "inference.local" && each.decision === "allow")).toBe(true);
    // Nothing but the model was reached, whatever the agent tried to call home.
    expect(asked.filter((each) => each.decision === "allow" && each.host !== "inference.local")).toEqual([]);
  });
}

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { decision, sandbox, secret } from "@creel/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Boxes, inside, startBoxes } from "./boxes.ts";
import { HOST, until } from "./fleet.ts";

const FIRST = "sk-first-value-0123456789abcdef";
const SECOND = "sk-second-value-0123456789abcde";
const POLICY = `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${HOST}, port: 443, protocol: rest, access: full }
    binaries: [{ path: /opt/node/bin/node }]
credentials:
  TOKEN:
    endpoints: [{ host: ${HOST}, port: 443, path: /api/** }]
`;
/** Says who it is by its placeholder, and prints whatever it is told and whatever stands in its environment. */
const AGENT = `
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
console.log("environment", JSON.stringify(process.env));
for (let n = 1; ; n++) {
  const headers = { authorization: "Bearer " + process.env.TOKEN };
  const said = await fetch("https://${HOST}/api/echo", { headers, signal: AbortSignal.timeout(5000) })
    .then(async (r) => r.status + " " + (await r.text()), () => "failed");
  console.log("answer", n, said.trim());
  await pause(40);
}`;

let boxes: Boxes;
let id = "";
let secretId = "";
let bindingId = "";
const owner = () => boxes.fleet.owner;

beforeAll(async () => {
  boxes = await startBoxes();
  secretId = (await secret.create({ ctx: owner(), input: { name: "TOKEN", value: FIRST } })).id;
  await secret.bind({ ctx: owner(), input: { secretId, scope: { env: ["nowhere"] } } });
  ({ id } = await boxes.make("worker", { yaml: POLICY, command: ["/opt/node/bin/node", "-e", AGENT] }));
  const bound = await secret.bind({ ctx: owner(), input: { secretId, sandboxId: id } });
  if (bound.outcome !== "applied") throw new Error("it was proposed");
  ({ bindingId } = bound);
  // What stands in its environment, a program gets when it starts.
  await sandbox.restart({ ctx: owner(), input: { sandboxId: id } });
});
afterAll(async () => await boxes?.close());

const heard = () => boxes.fleet.world.authorizations;
const heardAfter = (from: number, value: string) => until(() => heard().slice(from).includes(value));
const log = () => boxes.fleet.read(`sandboxes/${id}/log`);
/** The agent has read an answer that was given after this moment. */
const answered = async (times = 3) => {
  const count = () => (log().match(/^answer \d+ 200/gm) ?? []).length;
  const before = count();
  await until(() => count() >= before + times);
};
function files(dir: string): string[] {
  return readdirSync(dir, { withFileTypes: true }).flatMap((each) => {
    const path = join(dir, each.name);
    return each.isDirectory() ? files(path) : each.isFile() && statSync(path).size < 8 * 1024 * 1024 ? [path] : [];
  });
}
const forms = (value: string): string[] => [
  value,
  Buffer.from(value).toString("base64").slice(0, -4),
  Buffer.from(value).toString("hex"),
];
const procText = (pid: number, file: string): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
};

describe("a secret of the fleet", () => {
  it("reaches the place that the policy names, while the agent sees its placeholder alone", async () => {
    await heardAfter(0, `Bearer ${FIRST}`);
    await answered();
    expect(log()).toMatch(/"TOKEN":"creel-placeholder-TOKEN-[0-9a-f]{32}"/);
    expect(log()).toMatch(/answer \d+ 200 .*Bearer creel-placeholder-TOKEN-[0-9a-f]{32}/);
  });

  it("is named in the decision that carried it, and its last use is known", async () => {
    const found = await until(async () =>
      (await decision.list({ ctx: owner(), input: { sandboxId: id, limit: 500 } })).items.find(
        ({ credentials }) => credentials,
      ),
    );
    expect(found).toMatchObject({ decision: "allow", host: HOST, credentials: ["TOKEN"] });
    await until(async () => (await secret.get({ ctx: owner(), input: { secretId } })).lastUsedAt);
  });

  it("stands in no file of the node, no log, no environment and no command line", async () => {
    const pid = (await boxes.status(id))?.pid ?? 0;
    const gateway = await boxes.fleet.gatewayPid();
    const texts = new Map<string, string>([
      ...files(boxes.fleet.nodeDir).map((path) => [path, readFileSync(path, "latin1")] as const),
      ["the hub's log", boxes.fleet.hubLines.join("\n")],
      ["the node agent's log", boxes.fleet.agentLines.join("\n")],
      ...[...inside(pid), gateway].flatMap((each) =>
        ["environ", "cmdline"].map((file) => [`/proc/${each}/${file}`, procText(each, file)] as const),
      ),
    ]);
    // The plan lies there with the value in it, sealed; the search looked into it.
    expect(texts.get(join(boxes.fleet.nodeDir, "desired.json"))).toMatch(/"sealed":"x1\./);
    expect(texts.get(`/proc/${pid}/environ`)).toContain("TOKEN=creel-placeholder-TOKEN-");
    const holding = [...texts].filter(([, text]) => forms(FIRST).some((form) => text.includes(form)));
    expect(holding.map(([name]) => name)).toEqual([]);
  });

  it("works on with the hub away and every process of the node new, from what lies sealed on its disk", async () => {
    await boxes.fleet.restartHub("SIGKILL", async () => {
      await boxes.fleet.restartAgent("SIGKILL");
      const from = heard().length;
      await heardAfter(from, `Bearer ${FIRST}`);
      process.kill(await boxes.fleet.gatewayPid(), "SIGKILL");
      const again = heard().length;
      await heardAfter(again, `Bearer ${FIRST}`);
    });
    await boxes.fleet.connected();
  });

  it("that is rotated is used in its new value without a restart, and its old one is still taken out of answers", async () => {
    const { pid } = await boxes.inPhase(id, "running");
    const startedMs = performance.now();
    const from = heard().length;
    await secret.rotate({ ctx: owner(), input: { secretId, value: SECOND } });
    await heardAfter(from, `Bearer ${SECOND}`);
    console.log(`a rotated secret was used after ${Math.round(performance.now() - startedMs)} ms`);
    await answered();
    const settled = heard().length;
    await answered();
    expect(heard().slice(settled)).not.toContain(`Bearer ${FIRST}`);
    expect((await boxes.status(id))?.pid).toBe(pid);
    for (const form of [...forms(FIRST), ...forms(SECOND)]) expect(log()).not.toContain(form);
  });

  it("that is taken away is used no more, and what was sent before is still taken out of answers", async () => {
    const startedMs = performance.now();
    await secret.unbind({ ctx: owner(), input: { bindingId } });
    const from = heard().length;
    await until(() =>
      heard()
        .slice(from)
        .some((text) => text.startsWith("Bearer creel-placeholder-TOKEN-")),
    );
    console.log(`a secret taken away was gone after ${Math.round(performance.now() - startedMs)} ms`);
    await answered();
    const settled = heard().length;
    await answered();
    expect(
      heard()
        .slice(settled)
        .filter((text) => text.includes("sk-")),
    ).toEqual([]);
    for (const form of [...forms(FIRST), ...forms(SECOND)]) expect(log()).not.toContain(form);
    expect(boxes.fleet.read("desired.json")).not.toContain("x1.");
  });
});

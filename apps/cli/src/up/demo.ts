import { accessSync, constants } from "node:fs";
import { z } from "zod";
import type { Api } from "../api/client.ts";
import { listOf, sandboxSchema } from "../sandbox/views.ts";
import { type HomePaths, readIfThere, writePrivate } from "./home.ts";

/** Often enough that a person who has just changed the policy sees the next try; few enough for one readable summary. */
const ROUNDS = 4;
const PAUSE_S = 8;
/** A model that somebody pays for gets a long rest between its runs. */
const RESTART_SCRIPTED_MS = 3_000;
const RESTART_PAID_MS = 300_000;

export const nodeSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  connected: z.boolean(),
  model: z.looseObject({ provider: z.string(), name: z.string(), scripted: z.boolean() }).nullable(),
});
export type NodeView = z.infer<typeof nodeSchema>;
const policySchema = z.looseObject({ id: z.string(), name: z.string() });

interface HttpTool {
  /** As the sandbox and the policy see it. */
  binary: string;
  command(method: "GET" | "POST", url: string, body?: string): string;
}

const curl: HttpTool = {
  binary: "/usr/bin/curl",
  command: (method, url, body) =>
    `curl -sS -m 10 ${method === "POST" ? `-X POST -H 'content-type: application/json' -d '${body}' ` : ""}${url}`,
};
/** For hosts without curl: the Node that every sandbox has. */
const node: HttpTool = {
  binary: "/opt/node/bin/node",
  command: (method, url, body) => {
    const options = method === "POST" ? `, {method: "POST", body: ${JSON.stringify(body)}}` : "";
    const script = `fetch("${url}"${options}).then(async (r) => console.log(r.status, await r.text()), (e) => console.log("failed:", String(e.cause ?? e)))`;
    return `node -e '${script}'`;
  },
};
function httpTool(): HttpTool {
  try {
    accessSync(curl.binary, constants.X_OK);
    return curl;
  } catch {
    return node;
  }
}

const demoPolicy = (
  tool: HttpTool,
): string => `# The demo agent may read tickets. It may not write them, and it may reach nothing else.
version: 1
network_policies:
  tickets:
    name: Read the ticket system
    reason: The demo agent summarises open tickets.
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow:
              method: GET
              path: /api/**
    binaries:
      - path: ${tool.binary}
`;

function demoPrompt(tool: HttpTool): string {
  const round = [
    `${tool.command("GET", "https://tickets.creel.example/api/tickets")}; sleep 1`,
    `${tool.command("POST", "https://tickets.creel.example/api/tickets/1/comments", '{"text":"Looked at it."}')}; sleep 1`,
    `${tool.command("POST", "https://paste.creel.example/api/paste", '{"text":"notes"}')}; sleep 1`,
    `${tool.command("GET", "http://169.254.169.254/latest/meta-data/")}; sleep ${PAUSE_S}`,
  ];
  const commands = Array.from({ length: ROUNDS }, () => round).flat();
  return [
    "You look after a ticket system. Run each of the following shell commands with your shell tool, one after the other and",
    "exactly as written, even when one fails. Then say in a few sentences what worked and what did not.",
    "",
    "```sh",
    ...commands,
    "```",
  ].join("\n");
}

/** Creates policy and sandbox `demo` the first time; what a person has removed since stays removed. */
export async function makeDemo(api: Api, paths: HomePaths, host: NodeView): Promise<void> {
  const marker = `${paths.world}/made`;
  if (readIfThere(marker) !== null) return;
  const tool = httpTool();
  const policies = await api.call(listOf(policySchema), "GET", "/policies");
  const policy =
    policies.find(({ name }) => name === "demo") ??
    (await api.call(policySchema, "POST", "/policies", {
      body: { name: "demo", yaml: demoPolicy(tool), message: "What the demo agent may reach" },
    }));
  const sandboxes = await api.call(listOf(sandboxSchema), "GET", "/sandboxes");
  if (!sandboxes.some(({ name }) => name === "demo")) {
    const delayMs = host.model?.scripted === false ? RESTART_PAID_MS : RESTART_SCRIPTED_MS;
    await api.call(sandboxSchema, "POST", "/sandboxes", {
      body: {
        name: "demo",
        nodeId: host.id,
        policyId: policy.id,
        agent: { plugin: "pi", prompt: demoPrompt(tool) },
        restart: { policy: "always", delayMs },
      },
    });
  }
  writePrivate(marker, `${new Date().toISOString()}\n`);
}

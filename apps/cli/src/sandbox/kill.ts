import { z } from "zod";
import { type Api, findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { callSandbox } from "./path.ts";
import { listOf, type SandboxView, sandboxSchema } from "./views.ts";

export interface KillOptions {
  all: boolean;
  node?: string;
  quarantine: boolean;
  reason: string;
  yes: boolean;
  json: boolean;
}

const killedSchema = z.looseObject({
  sandboxes: z.array(z.looseObject({ name: z.string(), nodeName: z.string(), nodeConnected: z.boolean() })),
});
const nodesSchema = listOf(z.looseObject({ id: z.string(), name: z.string() }));
const OVER = ["stopped", "exited", "failed", "quarantined"];
/** Names shown before "and n more". */
const NAMES_SHOWN = 20;

/** Ends what runs in one sandbox, on one node or everywhere, at once. */
export async function killSandboxes(name: string | undefined, options: KillOptions, io: Io): Promise<ExitCode> {
  if (options.all === (name !== undefined))
    throw usageError("name one sandbox, or give --all", "creel sandbox kill NAME, or creel sandbox kill --all --yes");
  if (options.node !== undefined && !options.all)
    throw usageError("--node goes with --all", "creel sandbox kill --all --node NODE --yes");
  const body = { reason: options.reason, to: options.quarantine ? "quarantined" : "stopped" };
  if (name !== undefined) {
    const answer = await callSandbox(z.unknown(), { method: "POST", name, verb: "kill", body });
    const word = options.quarantine ? "is being killed and put in quarantine" : "is being killed";
    io.out(options.json ? jsonLine(answer) : line(`${printable(name)} ${word}`));
    return EXIT.done;
  }
  const api = openApi(findTarget());
  const nodeId = options.node === undefined ? undefined : await nodeIdOf(api, options.node);
  if (!options.yes) throw await unconfirmed(api, nodeId, options);
  const answer = await api.call(killedSchema, "POST", "/kill-switch", {
    body: { ...body, ...(nodeId === undefined ? {} : { nodeId }) },
  });
  if (options.json) {
    io.out(jsonLine(answer));
    return EXIT.done;
  }
  for (const each of answer.sandboxes)
    io.out(
      line(
        `${printable(each.name)} on ${printable(each.nodeName)}${each.nodeConnected ? "" : " (away: ends when it is heard again)"}`,
      ),
    );
  io.out(line(`${counted(answer.sandboxes.length)} ${options.quarantine ? "killed and put in quarantine" : "killed"}`));
  return EXIT.done;
}

const counted = (count: number): string => (count === 1 ? "1 sandbox" : `${count} sandboxes`);

async function nodeIdOf(api: Api, node: string): Promise<string> {
  const found = (await api.call(nodesSchema, "GET", "/nodes")).find((each) => each.name === node || each.id === node);
  if (found) return found.id;
  throw usageError(`there is no node called ${node}`, "`creel sandbox ls` names the nodes.", "--node");
}

/** What `--all` would touch, so that the second try is an informed one. */
async function unconfirmed(api: Api, nodeId: string | undefined, options: KillOptions): Promise<Error> {
  const items = await api.call(listOf(sandboxSchema), "GET", "/sandboxes", { query: { nodeId } });
  const touched = items.filter(touches);
  const names = touched.slice(0, NAMES_SHOWN).map((each) => each.name);
  const more = touched.length > names.length ? ` and ${touched.length - names.length} more` : "";
  const where = options.node === undefined ? "of the organization" : `on ${options.node}`;
  return usageError(
    `this ends everything in ${counted(touched.length)} ${where} at once: ${names.join(", ") || "none"}${more}`,
    "Say so with --yes.",
  );
}

const touches = ({ desiredState, status }: SandboxView): boolean =>
  desiredState === "running" || (status !== null && !OVER.includes(status.phase));

/** Lets a sandbox out of quarantine. */
export async function releaseSandbox(
  name: string,
  options: { reason: string; json: boolean },
  io: Io,
): Promise<ExitCode> {
  const answer = await callSandbox(z.unknown(), {
    method: "POST",
    name,
    verb: "release",
    body: { reason: options.reason },
  });
  io.out(options.json ? jsonLine(answer) : line(`${printable(name)} is released and stopped`));
  return EXIT.done;
}

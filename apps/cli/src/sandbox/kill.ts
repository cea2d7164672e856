import { z } from "zod";
import { type Api, findTarget, openApi } from "../api/client.ts";
import { canAsk, confirms } from "../ask.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { callSandbox, checkedName } from "./path.ts";
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
  const asks = canAsk(io) && !options.yes && !options.json;
  if (name !== undefined) {
    const what = `This ends everything in ${checkedName(name)} at once${options.quarantine ? " and holds it" : ""}.`;
    if (asks && !(await confirms(what, io))) return nothingDone(io);
    const answer = await callSandbox(z.unknown(), { method: "POST", name, verb: "kill", body });
    const word = options.quarantine ? "is being killed and put in quarantine" : "is being killed";
    io.out(options.json ? jsonLine(answer) : line(`${printable(name)} ${word}`));
    return EXIT.done;
  }
  const api = openApi(findTarget());
  const nodeId = options.node === undefined ? undefined : await nodeIdOf(api, options.node);
  if (!options.yes) {
    const what = await whatAllTouches(api, nodeId, options);
    if (!asks) throw usageError(what, "Say so with --yes.");
    if (!(await confirms(`${what}.`, io))) return nothingDone(io);
  }
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

function nothingDone(io: Io): ExitCode {
  io.err(line("creel: nothing was done"));
  return EXIT.failed;
}

/** What `--all` would touch, so that the answer, or the second try, is an informed one. */
async function whatAllTouches(api: Api, nodeId: string | undefined, options: KillOptions): Promise<string> {
  const items = await api.call(listOf(sandboxSchema), "GET", "/sandboxes", { query: { nodeId } });
  const touched = items.filter(touches);
  const names = touched.slice(0, NAMES_SHOWN).map((each) => each.name);
  const more = touched.length > names.length ? ` and ${touched.length - names.length} more` : "";
  const where = options.node === undefined ? "of the organization" : `on ${options.node}`;
  return `this ends everything in ${counted(touched.length)} ${where} at once: ${names.join(", ") || "none"}${more}`;
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

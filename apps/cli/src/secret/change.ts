import { z } from "zod";
import { findTarget, openApi } from "../api/client.ts";
import { proposedSchema, sayProposed } from "../approval/proposed.ts";
import { canAsk, confirms } from "../ask.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { checkedName as checkedSandbox } from "../sandbox/path.ts";
import { listOf } from "../sandbox/views.ts";
import { callSecret, checkedName } from "./call.ts";

const boundSchema = z.union([proposedSchema, z.looseObject({ outcome: z.literal("applied"), bindingId: z.string() })]);
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export interface BindOptions {
  sandbox?: string;
  labels: readonly string[];
  json: boolean;
}

/** Lets one sandbox, or all with these labels, use a secret. */
export async function bindSecret(name: string, { sandbox, labels, json }: BindOptions, io: Io): Promise<ExitCode> {
  if ((sandbox === undefined) === (labels.length === 0))
    throw usageError(
      "name one sandbox or labels",
      `creel secret bind ${printable(name)} --sandbox NAME, or --label env=prod`,
    );
  const body = sandbox === undefined ? { scope: scopeOf(labels) } : { sandboxId: await idOf(sandbox) };
  const answer = await callSecret(boundSchema, { method: "POST", name, verb: "bindings", body });
  if (answer.outcome === "proposed") return sayProposed(answer, json, io);
  const whom = sandbox ?? `sandboxes with ${labels.join(", ")}`;
  io.out(
    json ? jsonLine(answer) : line(`${printable(whom)} may use ${name}; what already runs sees it after a restart`),
  );
  return EXIT.done;
}

export async function unbindSecret(id: string, options: { json: boolean }, io: Io): Promise<ExitCode> {
  const see = "`creel secret show NAME` shows the ids.";
  if (!UUID.test(id)) throw usageError("this is no id of a binding", see);
  const missing = new CliError("no such binding", { remedy: see });
  const answer = await openApi(findTarget()).call(z.unknown(), "DELETE", `/secret-bindings/${id}`, { missing });
  io.out(options.json ? jsonLine(answer) : line("taken away; nodes that are connected stop using it now"));
  return EXIT.done;
}

export async function removeSecret(name: string, options: { yes: boolean; json: boolean }, io: Io): Promise<ExitCode> {
  const what = `This empties ${checkedName(name)} for good and takes it from every sandbox.`;
  if (!options.yes) {
    if (!canAsk(io) || options.json) throw usageError(what, "Say so with --yes.");
    if (!(await confirms(what, io))) {
      io.err(line("nothing was done"));
      return EXIT.failed;
    }
  }
  const answer = await callSecret(z.unknown(), { method: "DELETE", name });
  io.out(options.json ? jsonLine(answer) : line(`${name} is gone`));
  return EXIT.done;
}

const rewrappedSchema = z.looseObject({
  versions: z.number(),
  keys: z.number(),
  channels: z.number(),
  providers: z.number(),
  authenticators: z.number(),
});

export async function rewrapSecrets(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const told = await openApi(findTarget()).call(rewrappedSchema, "POST", "/secrets/rewrap");
  if (options.json) io.out(jsonLine(told));
  else {
    const things = `notice channels ${told.channels}, identity providers ${told.providers}, authenticators ${told.authenticators}`;
    io.out(
      line(`sealed under the newest key: values of secrets ${told.versions}, signing keys ${told.keys}, ${things}`),
    );
    io.out(line("Once each organization has said so, the former line of the key file may go."));
  }
  return EXIT.done;
}

/** `env=prod env=staging team=pay` → `{env: [prod, staging], team: [pay]}`. */
function scopeOf(labels: readonly string[]): Record<string, string[]> {
  const scope = new Map<string, string[]>();
  for (const label of labels) {
    const [name = "", value = "", ...rest] = label.split("=");
    if (name === "" || value === "" || rest.length > 0)
      throw usageError("a label is not of the form NAME=VALUE", "Write --label env=prod", "--label");
    scope.set(name, [...(scope.get(name) ?? []), value]);
  }
  return Object.fromEntries(scope);
}

async function idOf(sandbox: string): Promise<string> {
  if (UUID.test(sandbox)) return sandbox;
  const name = checkedSandbox(sandbox);
  const all = await openApi(findTarget()).call(
    listOf(z.looseObject({ id: z.string(), name: z.string() })),
    "GET",
    "/sandboxes",
  );
  const found = all.find((each) => each.name === name);
  if (found !== undefined) return found.id;
  throw new CliError(`no sandbox named "${printable(name)}"`, { remedy: "`creel sandbox ls` shows the names." });
}

import { z } from "zod";
import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { checkedName } from "../sandbox/path.ts";
import { listOf } from "../sandbox/views.ts";
import { sayTable } from "../say-table.ts";
import { sayGranted } from "./say.ts";
import { asked, endedSchema, exceptionSchema, grantedSchema } from "./views.ts";

export async function listExceptions(options: { all: boolean; json: boolean }, io: Io): Promise<ExitCode> {
  const query = options.all ? {} : { active: "true" };
  const items = await openApi(findTarget()).call(listOf(exceptionSchema), "GET", "/exceptions", { query });
  if (options.json) io.out(jsonLine(items));
  else if (items.length === 0) io.out(line("Nothing is allowed beside the policies."));
  else
    sayTable(
      ["ID", "SANDBOX", "MAY", "PROGRAM", "STATE", "UNTIL", "BY"],
      items.map((each) => [
        each.id,
        each.sandboxName,
        asked(each, each.path),
        each.binary,
        each.once ? `${each.state}, once` : each.state,
        each.until,
        each.grantedBy,
      ]),
      io,
    );
  return EXIT.done;
}

export interface GrantOptions {
  sandbox: string[];
  binary: string;
  sha256?: string;
  host: string;
  port: number;
  method?: string;
  path?: string;
  for?: number;
  once: boolean;
  reason: string;
  json: boolean;
}

export async function grantException(options: GrantOptions, io: Io): Promise<ExitCode> {
  const { sandbox, json, for: seconds, ...scope } = options;
  const api = openApi(findTarget());
  const sandboxIds: string[] = [];
  for (const name of sandbox)
    sandboxIds.push((await api.call(z.looseObject({ id: z.string() }), "GET", `/sandboxes/${checkedName(name)}`)).id);
  const body = { ...scope, sandboxIds, ...(seconds === undefined ? {} : { seconds }) };
  return sayGranted(await api.call(grantedSchema, "POST", "/exceptions", { body }), json, io);
}

const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export async function endException(id: string, options: { json: boolean }, io: Io): Promise<ExitCode> {
  if (!ID.test(id))
    throw usageError(`"${printable(id)}" is no id of an exception`, "`creel exception ls` shows the ids.");
  const answer = await openApi(findTarget()).call(endedSchema, "DELETE", `/exceptions/${id}`);
  io.out(options.json ? jsonLine(answer) : line(`${id} is over`));
  return EXIT.done;
}

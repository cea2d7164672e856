import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { listOf } from "../sandbox/views.ts";
import { sayTable } from "../say-table.ts";
import { sayGranted } from "./say.ts";
import { asked, grantedSchema, groupSchema, markedSchema } from "./views.ts";

const KEY = /^[A-Za-z0-9_-]{22}$/;

/** What is no key goes into no URL. */
function checkedKey(key: string): string {
  if (KEY.test(key)) return key;
  throw usageError(`"${printable(key)}" is no key of a group`, "`creel inbox ls` shows the keys.");
}

export async function listInbox(
  options: { days?: string; dismissed: boolean; json: boolean },
  io: Io,
): Promise<ExitCode> {
  const query = { show: options.dismissed ? "dismissed" : "open", days: options.days };
  const items = await openApi(findTarget()).call(listOf(groupSchema), "GET", "/inbox", { query });
  if (options.json) io.out(jsonLine(items));
  else if (items.length === 0) io.out(line("Nothing was denied that nobody has looked at."));
  else
    sayTable(
      ["KEY", "TIMES", "REQUEST", "PROGRAM", "SANDBOXES", "LAST"],
      items.map((each) => [
        each.key,
        String(each.count),
        asked(each, each.pathPattern),
        each.binary ?? "unknown",
        String(each.sandboxCount),
        each.lastAt,
      ]),
      io,
    );
  return EXIT.done;
}

export interface AllowOptions {
  for?: number;
  once: boolean;
  reason?: string;
  json: boolean;
}

export async function allowGroup(key: string, options: AllowOptions, io: Io): Promise<ExitCode> {
  const { for: seconds, once, reason, json } = options;
  const body = { once, ...(seconds === undefined ? {} : { seconds }), ...(reason === undefined ? {} : { reason }) };
  const path = `/inbox/${checkedKey(key)}/allow`;
  return sayGranted(await openApi(findTarget()).call(grantedSchema, "POST", path, { body }), json, io);
}

export async function markGroup(
  key: string,
  verb: "dismiss" | "restore",
  options: { reason?: string; json: boolean },
  io: Io,
): Promise<ExitCode> {
  const body = options.reason === undefined ? {} : { reason: options.reason };
  const path = `/inbox/${checkedKey(key)}/${verb}`;
  const answer = await openApi(findTarget()).call(markedSchema, "POST", path, { body });
  io.out(options.json ? jsonLine(answer) : line(verb === "dismiss" ? "denied for good" : "in the inbox again"));
  return EXIT.done;
}

import type { z } from "zod";
import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { sayTable } from "../say-table.ts";
import { sayGranted } from "./say.ts";
import { asked, grantedSchema, type groupSchema, inboxPageSchema, markedSchema } from "./views.ts";

const KEY = /^[A-Za-z0-9_-]{22}$/;

/** What is no key goes into no URL. */
function checkedKey(key: string): string {
  if (KEY.test(key)) return key;
  throw usageError(`"${printable(key)}" is no key of a group`, "`creel inbox ls` shows the keys.");
}

/** As many as the server counts at most, in pages of its own length. */
const PAGES_MAX = 200;

interface ListOptions {
  days?: string;
  limit?: string;
  after?: string;
  dismissed: boolean;
  all: boolean;
  json: boolean;
}

export async function listInbox(options: ListOptions, io: Io): Promise<ExitCode> {
  const { dismissed, all, json, after, ...wish } = options;
  const api = openApi(findTarget());
  const items: z.output<typeof groupSchema>[] = [];
  let next: string | null = after ?? null;
  let pages = 0;
  do {
    const query = { ...wish, show: dismissed ? "dismissed" : "open", ...(next === null ? {} : { after: next }) };
    const page: z.output<typeof inboxPageSchema> = await api.call(inboxPageSchema, "GET", "/inbox", { query });
    items.push(...page.items);
    next = page.next ?? null;
    pages += 1;
  } while (all && next !== null && pages < PAGES_MAX);
  if (json) io.out(jsonLine(items));
  else if (items.length === 0) io.out(line("Nothing was denied that nobody has looked at."));
  else sayGroups(items, io);
  // Beside the list and not in it: whoever reads the list as JSON reads a list.
  if (next !== null) io.err(line(`creel: there are more; go on with --after ${printable(next)}, or list --all`));
  return EXIT.done;
}

const sayGroups = (items: readonly z.output<typeof groupSchema>[], io: Io): void =>
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

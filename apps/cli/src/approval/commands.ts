import type { z } from "zod";
import { type Api, findTarget, openApi } from "../api/client.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { listOf } from "../sandbox/views.ts";
import { changeLines, detailLines } from "./show.ts";
import { changeDetailSchema, changeSchema, movedSchema } from "./views.ts";

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function pathOf(id: string, rest = ""): string {
  if (!ID.test(id)) throw usageError(`${JSON.stringify(id)} is no id of a change`, "`creel approval ls` prints them.");
  return `/changes/${id}${rest}`;
}
const missing = (id: string): CliError =>
  new CliError(`there is no change ${id} that you may see`, { remedy: "`creel approval ls --all` lists them." });

export async function listChanges(options: { all: boolean; json: boolean }, io: Io): Promise<ExitCode> {
  const query = options.all ? {} : { show: "waiting" };
  const changes = await openApi(findTarget()).call(listOf(changeSchema), "GET", "/changes", { query });
  if (options.json) io.out(jsonLine(changes));
  else if (changes.length === 0) io.out(line("Nothing waits for approval."));
  else for (const text of changeLines(changes)) io.out(text);
  return EXIT.done;
}

export async function showChange(id: string, options: { json: boolean }, io: Io): Promise<ExitCode> {
  const change = await detailOf(openApi(findTarget()), id);
  if (options.json) io.out(jsonLine(change));
  else for (const text of detailLines(change)) io.out(text);
  return EXIT.done;
}

const detailOf = async (api: Api, id: string): Promise<z.output<typeof changeDetailSchema>> =>
  await api.call(changeDetailSchema, "GET", pathOf(id), { missing: missing(id) });

/** A token shows that somebody has it and not who, so the server counts a vote only of a person who is signed in. */
export function voteOnPage(id: string, verdict: "approve" | "reject"): CliError {
  const page = `${findTarget().url}${pathOf(id)}`;
  return new CliError(`a token cannot ${verdict} a change: that is for a person who is signed in`, {
    remedy: `Sign in, look at the change and ${verdict} it there: ${page}`,
  });
}

export async function withdrawChange(
  id: string,
  options: { reason: string; json: boolean },
  io: Io,
): Promise<ExitCode> {
  const body = { reason: options.reason };
  const moved = await openApi(findTarget()).call(movedSchema, "POST", pathOf(id, "/withdraw"), {
    body,
    missing: missing(id),
  });
  const reason = moved.reason === null ? "" : `: ${moved.reason}`;
  io.out(options.json ? jsonLine(moved) : line(printable(`${moved.state}${reason}`)));
  return EXIT.done;
}

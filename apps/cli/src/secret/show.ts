import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { listOf } from "../sandbox/views.ts";
import { sayTable } from "../say-table.ts";
import { callSecret } from "./call.ts";
import { detailSchema, type SecretDetail, secretSchema } from "./views.ts";

const HEADINGS = ["NAME", "VERSION", "CHANGED", "LAST USED", "BINDINGS", "DESCRIPTION"];

export async function listSecrets(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const secrets = await openApi(findTarget()).call(listOf(secretSchema), "GET", "/secrets");
  if (options.json) {
    io.out(jsonLine(secrets));
    return EXIT.done;
  }
  if (secrets.length === 0) {
    io.out(line("No secrets yet. Keep one: creel secret set NAME < FILE"));
    return EXIT.done;
  }
  const rows = secrets.map((each) => [
    each.name,
    `v${each.version}`,
    each.rotatedAt.slice(0, 16),
    each.lastUsedAt?.slice(0, 16) ?? "never",
    String(each.bindings),
    each.description,
  ]);
  sayTable(HEADINGS, rows, io);
  return EXIT.done;
}

export async function showSecret(name: string, options: { json: boolean }, io: Io): Promise<ExitCode> {
  const secret = await callSecret(detailSchema, { method: "GET", name });
  if (options.json) io.out(jsonLine(secret));
  else for (const text of linesOf(secret)) io.out(line(text));
  return EXIT.done;
}

function linesOf({ name, version, formerUntil, lastUsedAt, bound, users }: SecretDetail): string[] {
  const former = formerUntil === null ? "" : ` (the one before is known until ${formerUntil})`;
  const lines = [`${name}: version ${version}${former}, last used ${lastUsedAt ?? "never"}`];
  if (bound.length === 0) lines.push("Nobody may use it. Bind it: creel secret bind NAME --sandbox SANDBOX");
  for (const binding of bound) lines.push(`bound  ${binding.id}  ${subjectOf(binding)}`);
  for (const user of users) {
    const where = user.places.map(({ host, ports, path }) => `${host}:${ports.join(",")}${path ?? ""}`).join(" ");
    const places = where === "" ? `nowhere: the policy ${user.policyName} names no place for it` : where;
    lines.push(`used by ${user.name} on ${user.nodeName} → ${places}`);
  }
  return lines.map(printable);
}

function subjectOf({ sandboxName, scope }: SecretDetail["bound"][number]): string {
  if (scope === null) return sandboxName ?? "a sandbox that you may not see";
  return Object.entries(scope)
    .map(([label, values]) => `${label}=${values.join("|")}`)
    .join(" ");
}

import { z } from "zod";
import { type Api, findTarget, openApi } from "../api/client.ts";
import { proposedSchema, sayProposed } from "../approval/proposed.ts";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { listOf } from "../sandbox/views.ts";
import { endedSchema, grantSchema, type Held, memberSchema, verdictSchema } from "./views.ts";

const api = (): Api => openApi(findTarget());

const scopeText = (scope: Held["scope"]): string =>
  scope === null
    ? ""
    : ` on ${Object.entries(scope)
        .map(([label, values]) => `${label}=${values.join("|")}`)
        .join(", ")}`;

export async function listMembers(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const members = await api().call(listOf(memberSchema), "GET", "/members");
  if (options.json) io.out(jsonLine(members));
  else
    for (const { email, grants } of members) {
      const holds = grants.map(
        ({ role, scope, via }) => `${role}${scopeText(scope)}${via === null ? "" : ` (${via})`}`,
      );
      io.out(line(printable(`${email}  ${holds.join("; ") || "nothing"}`)));
    }
  return EXIT.done;
}

export async function listGrants(options: { all: boolean; json: boolean }, io: Io): Promise<ExitCode> {
  const query = options.all ? { show: "all" } : {};
  const grants = await api().call(listOf(grantSchema), "GET", "/grants", { query });
  if (options.json) io.out(jsonLine(grants));
  else
    for (const { id, subject, role, scope, expiresAt } of grants) {
      const until = expiresAt === null ? "" : ` until ${expiresAt}`;
      io.out(line(printable(`${id}  ${subject.label}  ${role}${scopeText(scope)}${until}`)));
    }
  return EXIT.done;
}

const givenSchema = z.union([proposedSchema, grantSchema.extend({ outcome: z.literal("applied") })]);

export interface GiveOptions {
  to: string;
  over: string | undefined;
  hours: number | undefined;
  reason: string;
  json: boolean;
}

export async function giveRole(role: string, options: GiveOptions, io: Io): Promise<ExitCode> {
  const server = api();
  const { userId } = await memberOf(server, options.to);
  const scope = options.over === undefined ? undefined : readScope(options.over);
  const body = { userId, role, scope, hours: options.hours, reason: options.reason };
  const given = await server.call(givenSchema, "POST", "/grants", { body });
  if (given.outcome === "proposed") return sayProposed(given, options.json, io);
  io.out(
    options.json
      ? jsonLine(given)
      : line(printable(`${options.to} holds ${role}${scopeText(given.scope)} now (${given.id}).`)),
  );
  return EXIT.done;
}

export async function endGrant(id: string, options: { json: boolean }, io: Io): Promise<ExitCode> {
  const path = `/grants/${encodeURIComponent(id)}` as const;
  const missing = new CliError("there is no such grant in force that you may see", {
    remedy: "`creel grant ls` lists them.",
  });
  const ended = await api().call(endedSchema, "DELETE", path, { missing });
  io.out(
    options.json ? jsonLine(ended) : line(printable(`Ended. Sign-ins that ended with it: ${ended.sessionsEnded}.`)),
  );
  return EXIT.done;
}

export interface AskOptions {
  sandboxId?: string;
  nodeId?: string;
  policyId?: string;
  json: boolean;
}

/** Exits with 3 when the answer is no, as a decision of a policy does. */
export async function askAccess(who: string, permission: string, options: AskOptions, io: Io): Promise<ExitCode> {
  const [kind, action, ...rest] = permission.split(":");
  if (!kind || !action || rest.length > 0)
    throw usageError(`${JSON.stringify(permission)} is no permission`, "Write kind:action, e.g. sandbox:operate.");
  const server = api();
  const { userId } = await memberOf(server, who);
  const { json, ...thing } = options;
  const verdict = await server.call(verdictSchema, "GET", "/access", { query: { userId, kind, action, ...thing } });
  io.out(json ? jsonLine(verdict) : line(printable(verdict.sentence)));
  return verdict.allowed ? EXIT.done : EXIT.denied;
}

async function memberOf(server: Api, email: string): Promise<{ userId: string }> {
  const members = await server.call(listOf(memberSchema), "GET", "/members");
  const found = members.find((member) => member.email === email.toLowerCase());
  if (found === undefined)
    throw new CliError(`nobody here has the address ${email}`, { remedy: "`creel member ls` lists the members." });
  return found;
}

function readScope(text: string): Record<string, string[]> {
  return Object.fromEntries(
    text.split(",").map((part) => {
      const [label = "", values = "", ...rest] = part.trim().split("=");
      if (label === "" || values === "" || rest.length > 0)
        throw usageError(
          `${JSON.stringify(part)} is no scope`,
          "Write label=value or label=one|other, separated by commas.",
        );
      return [label, values.split("|")];
    }),
  );
}

import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { OAuthGrant } from "@creel/gateway";
import { z } from "zod";
import { messageOf, usageError } from "../exit.ts";
import { isProgram } from "./program.ts";

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const SECRET_CHARS_MAX = 16 * 1024;
const FORMS =
  "Write --secret NAME=@file, NAME=env:VAR, NAME=exec:PROGRAM ARGS, NAME=oauth:@file or NAME=value (the last shows the value to `ps`).";

/** Where a secret's value comes from; a file and a command are asked again while the sandbox runs. */
export type SecretOrigin =
  | { from: "value"; value: string }
  | { from: "file"; path: string }
  | { from: "command"; argv: [string, ...string[]] }
  | { from: "oauth"; grant: OAuthGrant };
export interface Secret {
  name: string;
  origin: SecretOrigin;
}

/** No error repeats the value. Everything but a command's answer and a token endpoint is tried at once, so that a slip is seen at the start. */
export function parseSecret(text: string, env: NodeJS.ProcessEnv): Secret {
  const at = text.indexOf("=");
  const name = at === -1 ? "" : text.slice(0, at);
  if (!NAME.test(name)) throw usageError("a secret is not of the form NAME=VALUE", FORMS, "--secret");
  return { name, origin: originOf(name, text.slice(at + 1), env) };
}

function originOf(name: string, text: string, env: NodeJS.ProcessEnv): SecretOrigin {
  if (text.startsWith("exec:")) return { from: "command", argv: argvOf(name, text.slice("exec:".length), env.PATH) };
  if (text.startsWith("file:"))
    throw usageError(`the secret ${name} names its file as file:`, `Write ${name}=@${text.slice(5)}.`, "--secret");
  if (text.startsWith("oauth:@")) return { from: "oauth", grant: grantOf(name, text.slice("oauth:@".length)) };
  if (text.startsWith("@")) {
    const path = text.slice(1);
    check(name, contentOf(name, path));
    return { from: "file", path };
  }
  if (!text.startsWith("env:")) return { from: "value", value: check(name, text) };
  const value = env[text.slice("env:".length)];
  if (value === undefined)
    throw usageError(`the variable for the secret ${name} is not set`, "Export it first.", "--secret");
  return { from: "value", value: check(name, value) };
}

/** Blanks divide, and nothing else has a meaning: there is no shell. */
function argvOf(name: string, text: string, path: string | undefined): [string, ...string[]] {
  const [program, ...args] = text.split(" ").filter((word) => word !== "");
  if (program === undefined) throw usageError(`the command for the secret ${name} is empty`, FORMS, "--secret");
  const places = program.includes("/")
    ? [program]
    : (path ?? "").split(delimiter).map((folder) => join(folder, program));
  if (places.some(isProgram)) return [program, ...args];
  throw usageError(
    `the program for the secret ${name} cannot be started: ${program} is ${places.some((file) => existsSync(file)) ? "not executable" : "not there"}`,
    "Name a program of this host, by its path or as your PATH has it.",
    "--secret",
  );
}

/** Files are written with a newline at the end; it is not part of the secret. */
function contentOf(name: string, path: string): string {
  try {
    return readFileSync(path, "utf8").replace(/\r?\n$/, "");
  } catch (error) {
    const reason = `the file for the secret ${name} cannot be read: ${messageOf(error)}`;
    throw usageError(reason, "Name a readable file.", "--secret");
  }
}

function check(name: string, value: string): string {
  if (value === "") throw usageError(`the secret ${name} is empty`, FORMS, "--secret");
  if (value.length > SECRET_CHARS_MAX)
    throw usageError(`the secret ${name} is longer than 16 KiB`, "Check that this is the right file.", "--secret");
  if (/[\r\n\0]/.test(value))
    throw usageError(
      `the secret ${name} holds a line break`,
      "A header can carry one line only; check the file.",
      "--secret",
    );
  return value;
}

const grantSchema = z.strictObject({
  token_url: z.url({ protocol: /^https$/ }),
  grant_type: z.enum(["client_credentials", "refresh_token"]),
  client_id: z.string().min(1),
  client_secret: z.string().min(1).optional(),
  refresh_token: z.string().min(1).optional(),
  scope: z.string().optional(),
});

function grantOf(name: string, path: string): OAuthGrant {
  const text = contentOf(name, path);
  let read: ReturnType<typeof grantSchema.safeParse>;
  try {
    read = grantSchema.safeParse(JSON.parse(text));
  } catch {
    throw usageError(`the file for the secret ${name} is not JSON`, FORMS, "--secret");
  }
  const { data } = read;
  if (data === undefined || (data.grant_type === "refresh_token" && data.refresh_token === undefined)) {
    // Only the fields' names: their values are secrets.
    const fields = read.error?.issues.map(({ path: field }) => field.join(".")).join(", ") ?? "refresh_token";
    throw usageError(
      `the file for the secret ${name} says no OAuth grant (${fields || "unknown fields"})`,
      'It holds {"token_url": "https://…", "grant_type": "client_credentials" or "refresh_token", "client_id", "client_secret"?, "refresh_token"?, "scope"?}.',
      "--secret",
    );
  }
  return {
    tokenUrl: data.token_url,
    grant: data.grant_type,
    clientId: data.client_id,
    clientSecret: data.client_secret,
    refreshToken: data.refresh_token,
    scope: data.scope,
  };
}

import { z } from "zod";
import { findTarget, openApi } from "../api/client.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { listOf } from "../sandbox/views.ts";
import { callSecret, checkedName } from "./call.ts";
import { readValue } from "./read-value.ts";
import { secretSchema } from "./views.ts";

export interface SetOptions {
  description?: string;
  overlapMinutes?: number;
  json: boolean;
}

/** Keeps a new secret, or gives one that is there another value. The value comes by standard input. */
export async function setSecret(name: string, options: SetOptions, io: Io): Promise<ExitCode> {
  checkedName(name);
  const api = openApi(findTarget());
  const known = await api.call(listOf(z.looseObject({ name: z.string() })), "GET", "/secrets");
  if (known.some((each) => each.name === name)) return await rotateSecret(name, options, io);
  const value = await readValue(name, io);
  const description = options.description ?? "";
  const made = await api.call(secretSchema, "POST", "/secrets", { body: { name, value, description } });
  if (options.json) io.out(jsonLine(made));
  else {
    io.out(line(`${printable(made.name)} is kept; nobody can read it back`));
    io.out(
      line(`next: creel secret bind ${name} --sandbox NAME, and \`credentials:\` in its policy says where it may go`),
    );
  }
  return EXIT.done;
}

/** A new value for one that is there. */
export async function rotateSecret(name: string, options: SetOptions, io: Io): Promise<ExitCode> {
  checkedName(name);
  const value = await readValue(name, io);
  const overlap = options.overlapMinutes === undefined ? {} : { overlapMinutes: options.overlapMinutes };
  const now = await callSecret(secretSchema, { method: "POST", name, verb: "versions", body: { value, ...overlap } });
  if (options.json) io.out(jsonLine(now));
  else {
    const former = now.formerUntil === null ? "" : `; the one before is known until ${printable(now.formerUntil)}`;
    io.out(line(`${printable(now.name)} has version ${now.version}${former}`));
  }
  return EXIT.done;
}

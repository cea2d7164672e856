import type { Register } from "../register.ts";
import type { GrantOptions } from "./exceptions.ts";
import type { AllowOptions } from "./inbox.ts";
import { lasting } from "./lasting.ts";

const TALKS =
  "\nTalks to CREEL_URL with CREEL_TOKEN, by `creel login`, or to the deployment that `creel up` runs here.";
type Json = { json?: boolean };

/** `creel exception ls|grant|end`: what sandboxes may reach for a while beside their policies. */
export const registerException: Register = (program, io, finish) => {
  const exception = program
    .command("exception")
    .description("allow sandboxes something narrow for a while")
    .addHelpText("after", TALKS);
  exception
    .command("ls")
    .description("list exceptions with their ends")
    .option("--all", "those that are over, too")
    .option("--json", "print the full list as JSON")
    .action(async (options: Json & { all?: boolean }) => {
      const { listExceptions } = await import("./exceptions.ts");
      finish(await listExceptions({ all: options.all === true, json: options.json === true }, io));
    });
  exception
    .command("grant")
    .description("allow one program of some sandboxes one place for a while; exits with 4 when others must approve")
    .requiredOption("--sandbox <name...>", "names or ids of the sandboxes")
    .requiredOption("--binary <path>", "the program, as the decisions name it")
    .option("--sha256 <hex>", "only with this content")
    .requiredOption("--host <name>", "one name or address, no pattern")
    .requiredOption("--port <number>", "the port", Number)
    .option("--method <name>", "an HTTP method, or *; without it the connection is relayed unread")
    .option("--path <pattern>", "a path pattern, beside a method")
    .option("--for <time>", "how long: 30m, 1h, 1d (the default); a week at most", lasting)
    .option("--once", "for a single request", false)
    .requiredOption("--reason <text>", "why")
    .option("--json", "print the server's answer as JSON")
    .action(async (options: Omit<GrantOptions, "json"> & Json) => {
      const { grantException } = await import("./exceptions.ts");
      finish(await grantException({ ...options, json: options.json === true }, io));
    });
  exception
    .command("end")
    .description("end an exception before its time, at once")
    .argument("<id>", "its id")
    .option("--json", "print the server's answer as JSON")
    .action(async (id: string, options: Json) => {
      const { endException } = await import("./exceptions.ts");
      finish(await endException(id, { json: options.json === true }, io));
    });
};

interface Paged {
  days?: string;
  limit?: string;
  after?: string;
}

/** `creel inbox ls|allow|dismiss|restore`: what was denied, in groups, and what to do about it. */
export const registerInbox: Register = (program, io, finish) => {
  const inbox = program.command("inbox").description("look through what was denied").addHelpText("after", TALKS);
  inbox
    .command("ls")
    .description("list denied requests in groups, those of the newest day first, 200 at a time")
    .option("--days <number>", "how far back; a week without it, a month at most")
    .option("--dismissed", "what was denied for good")
    .option("--limit <number>", "groups of a page; 200 at most")
    .option("--after <place>", "go on where a page ended, as it said")
    .option("--all", "every page")
    .option("--json", "print the full list as JSON")
    .action(async ({ dismissed, all, json, ...wish }: Json & Paged & { dismissed?: boolean; all?: boolean }) => {
      const { listInbox } = await import("./inbox.ts");
      const isTrue = { dismissed: dismissed === true, all: all === true, json: json === true };
      finish(await listInbox({ ...wish, ...isTrue }, io));
    });
  inbox
    .command("allow")
    .description("allow a group for a while, exactly as it was asked; exits with 4 when others must approve")
    .argument("<key>", "the group's key")
    .option("--for <time>", "how long: 30m, 1h, 1d (the default); a week at most", lasting)
    .option("--once", "for a single request", false)
    .option("--reason <text>", "why")
    .option("--json", "print the server's answer as JSON")
    .action(async (key: string, options: Omit<AllowOptions, "json"> & Json) => {
      const { allowGroup } = await import("./inbox.ts");
      finish(await allowGroup(key, { ...options, json: options.json === true }, io));
    });
  for (const [verb, what] of [
    ["dismiss", "deny a group for good: it is not shown again until it is restored"],
    ["restore", "show a group again"],
  ] as const) {
    const command = inbox.command(verb).description(what).argument("<key>", "the group's key");
    if (verb === "dismiss") command.requiredOption("--reason <text>", "why");
    command
      .option("--json", "print the server's answer as JSON")
      .action(async (key: string, options: Json & { reason?: string }) => {
        const { markGroup } = await import("./inbox.ts");
        finish(await markGroup(key, verb, { ...options, json: options.json === true }, io));
      });
  }
};

import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { CliError, EXIT, type ExitCode, usageError } from "../exit.ts";
import { type Io, jsonLine, line, printable } from "../io.ts";
import { writePrivate } from "../up/home.ts";
import { nodeDir, spawnNodeAgent } from "./agent-process.ts";

/** A join address is under 400 characters; what is longer is some other file. */
const URI_CHARS_MAX = 4096;
const joinedSchema = z.object({ nodeId: z.string(), nodeName: z.string(), orgSlug: z.string(), hubUrl: z.string() });

export interface EnrollOptions {
  name?: string;
  dir?: string;
  json: boolean;
}

/** Joins this host. The address reaches the node agent in a file of this user alone: never argv, never the environment. */
export async function enrollNode(argument: string, options: EnrollOptions, io: Io): Promise<ExitCode> {
  const dir = nodeDir(options.dir);
  if (existsSync(join(dir, "identity/node.json")))
    throw new CliError("this folder belongs to a node that has joined already", {
      place: dir,
      remedy: "Run it with `creel node start`, or name another folder with --dir.",
    });
  const uri = (argument === "-" ? await text(io.stdin) : argument).trim();
  if (!uri.startsWith("creel://") || uri.length > URI_CHARS_MAX)
    throw usageError(
      "this is no join address",
      "Copy the whole address from the dashboard: creel://HOST:PORT/?secret=…",
      "uri",
    );
  const folder = mkdtempSync(join(tmpdir(), "creel-join-"));
  try {
    const uriFile = join(folder, "uri");
    writePrivate(uriFile, `${uri}\n`);
    const joined = await tradeIn(dir, uriFile, options.name);
    if (options.json) io.out(jsonLine({ ...joined, dir }));
    else {
      io.out(line(`joined ${joined.orgSlug} as ${joined.nodeName} (${joined.hubUrl})`));
      const named = options.dir === undefined ? "" : ` --dir ${dir}`;
      io.out(line(`next: creel node start${named}`));
    }
    return EXIT.done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function tradeIn(dir: string, uriFile: string, name: string | undefined): Promise<z.output<typeof joinedSchema>> {
  const child = spawnNodeAgent(
    {
      CREEL_NODE_DIR: dir,
      CREEL_JOIN_URI_FILE: uriFile,
      CREEL_ENROLL_ONLY: "1",
      ...(name === undefined ? {} : { CREEL_NODE_NAME: name }),
    },
    ["ignore", "pipe", "pipe"],
  );
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new CliError("the node agent could not be started");
  const [out, err] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
  if (child.exitCode === 0) return joinedSchema.parse(JSON.parse(out));
  const reason = printable(err.trim().split("\n").at(-1) ?? "").replace(/^creel node agent: /, "");
  throw new CliError(reason === "" ? "the node agent ended without a word" : reason, {
    place: dir,
    remedy:
      "Nothing was changed here. An address works once and for a limited time: make another one in the dashboard.",
  });
}

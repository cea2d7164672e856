/**
 * What a run was refused, kept so that a rule for it can be merged into a policy by one command.
 *
 * Threat: the command writes its own refusals, or puts a record in their place. Invariant: they lie in Creel's own folder, which is
 * never seen inside a sandbox, readable by this user alone; and they are only ever read to propose rules by the same checks.
 */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type DecisionRecord, decisionRecordSchema } from "@creel/protocol";
import { z } from "zod";
import { usageError } from "../../exit.ts";
import { readIfThere, writePrivate } from "../../up/home.ts";

/** A person goes back to the last runs, not to last month's. */
const RUNS_KEPT_MAX = 20;
const ID = /^\d{8}-\d{6}-\d+$/;
const keptSchema = z.object({
  version: z.literal(1),
  records: z.array(decisionRecordSchema),
  readOnlyFolders: z.array(z.string()),
});

export interface KeptRun {
  /** One record of each refusal. */
  records: DecisionRecord[];
  /** Shown inside read-only, whatever their names say. */
  readOnlyFolders: string[];
}

const folderOf = (creelHome: string): string => join(creelHome, "runs");

/** Answers the name by which `creel policy allow` finds it; null where Creel's folder cannot be written. */
export function keepRun(creelHome: string, run: KeptRun, now: Date): string | null {
  const id = `${now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}-${process.pid}`;
  const folder = folderOf(creelHome);
  try {
    writePrivate(join(folder, `${id}.json`), JSON.stringify({ version: 1, ...run }));
    const ids = idsIn(folder);
    for (const old of ids.slice(0, -RUNS_KEPT_MAX)) rmSync(join(folder, `${old}.json`), { force: true });
  } catch {
    // The lines to add are shown all the same.
    return null;
  }
  return id;
}

const idsIn = (folder: string): string[] =>
  readdirSync(folder)
    .map((name) => name.replace(/\.json$/, ""))
    .filter((id) => ID.test(id))
    .sort();

/** @throws CliError for a run that is not kept any more. */
export function readKeptRun(creelHome: string, id: string): KeptRun {
  const text = ID.test(id) ? readIfThere(join(folderOf(creelHome), `${id}.json`)) : null;
  if (text === null)
    throw usageError(
      `no run called "${id}" is kept`,
      `The last ${RUNS_KEPT_MAX} with denials lie in ${folderOf(creelHome)} (CREEL_HOME); run it again, and its summary prints this command.`,
      "RUN",
    );
  return keptSchema.parse(JSON.parse(text));
}

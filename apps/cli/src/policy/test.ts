import { runPolicyTests } from "@creel/policy";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, painter } from "../io.ts";
import { fileTitle, readPolicyInput, validPolicy } from "./load.ts";
import { type FileTests, testResultsView } from "./view/tests.ts";

/** Runs the `tests:` of each file. One that fails makes the exit code 1. */
export async function testPolicies(files: string[], options: { json: boolean }, io: Io): Promise<ExitCode> {
  const all: FileTests[] = [];
  const paint = painter(io.colour);
  for (const file of files) {
    const yaml = await readPolicyInput(file, io);
    validPolicy(file, yaml);
    const results = runPolicyTests(yaml, Date.now());
    const passed = results.filter((result) => result.passed).length;
    const tests = { file, passed, failed: results.length - passed, results };
    all.push(tests);
    if (options.json) continue;
    for (const text of testResultsView({ ...tests, file: fileTitle(file) }, yaml, paint)) io.out(line(text));
  }
  if (options.json) io.out(jsonLine(all.length === 1 ? all[0] : { files: all }));
  return all.every(({ failed }) => failed === 0) ? EXIT.done : EXIT.failed;
}

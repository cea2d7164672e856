import { exact } from "../../io.ts";
import type { Register } from "../../register.ts";
import type { RequestFlags } from "../request-flags.ts";

const collect = (value: string, previous: string[] | undefined): string[] => [...(previous ?? []), value];

/** `lint`, `test`, `format` and `schema`: what is asked of a file, or done to it. */
export const registerCheck: Register = (policy, io, finish) => {
  policy
    .command("lint")
    .description("show every error and warning of policy files")
    .argument("<file...>", "policy files (YAML); - reads standard input")
    .option("--strict", "warnings fail as well")
    .option("--json", "print {file, ok, digest, problems} as JSON; {files: [...]} for several")
    .addHelpText(
      "after",
      `
Exit code 0 when every file is valid and its own tests pass, 1 when one is not, 2 when one cannot be read; every file is looked at.
The other commands, which need a valid policy to go on, answer one that is not valid with exit code 2.

Example:
  creel policy lint policy.yaml`,
    )
    .action(async (files: string[], options: { json?: boolean; strict?: boolean }) => {
      const { lintPolicies } = await import("../lint.ts");
      finish(await lintPolicies(files, { json: options.json === true, strict: options.strict === true }, io));
    });
  policy
    .command("test")
    .description("run the tests that policy files carry under `tests:`")
    .argument("<file...>", "policy files (YAML); - reads standard input")
    .option("--json", "print {file, passed, failed, results} as JSON; {files: [...]} for several")
    .addHelpText(
      "after",
      `
Exit code 0 when all pass, 1 when one fails, 2 when a policy is not valid.

Example:
  creel policy test policy.yaml`,
    )
    .action(async (files: string[], options: { json?: boolean }) => {
      const { testPolicies } = await import("../test.ts");
      finish(await testPolicies(files, { json: options.json === true }, io));
    });
  policy
    .command("format")
    .description("put policy files in house layout in place; comments and meaning stay")
    .argument("<file...>", "policy files (YAML); - reads standard input and writes standard output")
    .option("--check", "write nothing, show what would change; exit 1 when something would")
    .option("--json", "print {file, changed, written} as JSON; {files: [...]} for several")
    .addHelpText(
      "after",
      "\nExit code 2 when a policy is not valid.\n\nExample:\n  creel policy format --check policy.yaml",
    )
    .action(async (files: string[], options: { check?: boolean; json?: boolean }) => {
      const { formatPolicies } = await import("../format.ts");
      finish(await formatPolicies(files, { check: options.check === true, json: options.json === true }, io));
    });
  policy
    .command("schema")
    .description("print the JSON Schema of policy files, for editors")
    .option("--json", "the output is JSON with and without it")
    .addHelpText(
      "after",
      `
With the YAML language server, begin a policy with:
  # yaml-language-server: $schema=./policy.schema.json

Example:
  creel policy schema > policy.schema.json`,
    )
    .action(async () => {
      const { policySchemaText } = await import("@creel/policy");
      io.out(exact(policySchemaText()));
      finish(0);
    });
};

/** `decide` and `explain`: what a file says of requests. */
export const registerAsk: Register = (policy, io, finish) => {
  policy
    .command("decide")
    .description("read requests as JSON lines, print {id, decision, rule, reason} for each")
    .argument("<file>", "policy file (YAML)")
    .option("--json", "the output is JSON lines with and without it")
    .addHelpText(
      "after",
      `
A request is {id?, binary, sha256?, script?, library?, ancestors?: [path], host, port, method?, path?, headers?, body?, ip?}.
path is the raw request target, query included. Without method it is the connection that is judged.
A line that cannot be read is answered with {id, line, error} and the exit code becomes 2, as for a policy that is not valid.

Example:
  echo '{"id":1,"binary":"/usr/bin/curl","host":"api.example.com","port":443,"method":"GET","path":"/v1"}' |
    creel policy decide policy.yaml`,
    )
    .action(async (file: string) => {
      const { decideLines } = await import("../decide.ts");
      finish(await decideLines(file, io));
    });
  policy
    .command("explain")
    .description("say why one request is decided as it is, and the smallest change that turns it")
    .argument("<file>", "policy file (YAML); - reads standard input, with the request on the command line")
    .option("--binary <path>", "the program, as the kernel names it")
    .option("--host <host>", "where it connects to")
    .option("--port <number>", "on which port")
    .option("--method <method>", "the request's method, with --path; without both the connection is judged")
    .option("--path <target>", "the raw request target, query included; needs --method")
    .option("--header <name=value>", "a header; needs --method; may be repeated", collect)
    .option("--body <text>", "the body; needs --method")
    .option("--ip <address>", "the address that the host resolved to")
    .option("--sha256 <digest>", "the program's digest")
    .option("--script <path>", "the script that an interpreter runs")
    .option("--library <path>", "a library that the agent can write and the program has loaded")
    .option("--ancestor <path>", "a parent of the program, nearest first; may be repeated", collect)
    .option("--request <json>", "the request as one JSON object instead")
    .option("--json", "print {request, decision, steps, deciding, turn, unturnable} as JSON")
    .addHelpText(
      "after",
      `
Without a request on the command line, one line is read from standard input: a request as \`decide\` reads it, or a decision record
as \`creel run --decisions\` writes it. Exit code 3 when the request is denied, 0 when it passes, 2 when the policy is not valid.

Examples:
  creel policy explain policy.yaml --binary /usr/bin/curl --host api.example.com --port 443 --method POST --path /v1
  tail -n 1 decisions.jsonl | creel policy explain policy.yaml`,
    )
    .action(async (file: string, options: RequestFlags & { json?: boolean }) => {
      const { explainOne } = await import("../explain.ts");
      const { json, ...flags } = options;
      finish(await explainOne(file, flags, { json: json === true }, io));
    });
};

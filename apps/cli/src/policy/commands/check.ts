import type { Register } from "../../register.ts";

/** `lint`, `decide`, `test`, `schema`: what asks one file. */
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
Exit code 0 when every file is valid and its own tests pass, else 1.

Example:
  creel policy lint policy.yaml`,
    )
    .action(async (files: string[], options: { json?: boolean; strict?: boolean }) => {
      const { lintPolicies } = await import("../lint.ts");
      finish(await lintPolicies(files, { json: options.json === true, strict: options.strict === true }, io));
    });
  policy
    .command("decide")
    .description("read requests as JSON lines, print {id, decision, rule, reason} for each")
    .argument("<file>", "policy file (YAML)")
    .option("--json", "the output is JSON lines with and without it")
    .addHelpText(
      "after",
      `
A request is {id?, binary, sha256?, script?, ancestors?: [path], host, port, method?, path?, headers?, body?, ip?}.
path is the raw request target, query included. Without method it is the connection that is judged.
A line that cannot be read is answered with {id, line, error} and the exit code becomes 2.

Example:
  echo '{"id":1,"binary":"/usr/bin/curl","host":"api.example.com","port":443,"method":"GET","path":"/v1"}' |
    creel policy decide policy.yaml`,
    )
    .action(async (file: string) => {
      const { decideLines } = await import("../decide.ts");
      finish(await decideLines(file, io));
    });
};

import type { Register } from "../register.ts";
import type { RunFlags } from "./flags.ts";

const collect = (value: string, all: string[]): string[] => [...all, value];

const HELP = `
What it sees of this host, all of it read-only: /usr with /bin and /lib, a few files of /etc, the folder that the command's program is
installed in (for npm packages their node_modules), and Node. Not your home folder, no environment variables, no other processes, no
devices, no network but through the gateway. --show adds a path, --workspace a folder that it may write.

Policies: one in the folder you stand in is never used by itself, because it came with that folder; name it with --policy. A policy in
the workspace is read-only inside.

Agents: for claude, codex, pi, opencode, gemini, qwen, cline, cn, copilot and openclaw the model's address and a placeholder for its
key are set inside. The key (ANTHROPIC_API_KEY, OPENAI_API_KEY, …) is read from your environment and stays out here; CREEL_MODEL names another model.

Secrets: the command finds a placeholder in the variable NAME. The gateway puts the real value in its place in a request
header, over TLS, for the endpoints that the policy binds it to, and nowhere else:

  credentials:
    NAME:
      endpoints:
        - { host: api.example.com, port: 443, path: /v1/** }

Without such a section the placeholder is never replaced. VALUE is the value itself (which \`ps\` shows to other users of this
host), or @file (read anew when it is replaced), env:VAR, exec:PROGRAM ARGS (started again before its value ends; without a
shell) or oauth:@file. For AWS give AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN:
requests are signed anew where an endpoint says \`credential_signing\`. ADDR may carry a port of its own: api.example.com:443:127.0.0.1:8443.

Exit codes: the command's own, 128 and the signal's number when one ended it; 1 when the sandbox could not be made, 2 for wrong usage,
127 when the command was not found inside, 126 when it cannot be executed.

Examples:
  creel run -- sh -c 'curl -sS https://example.com'          denied, and says why
  creel run --workspace . -- claude                          an agent in this folder, reaching its model and nothing else
  creel run --policy policy.yaml --workspace . -- npm test
  creel run --monitor --decisions all.jsonl --workspace . -- npm ci && creel policy suggest all.jsonl`;

export const registerRun: Register = (program, io, finish) => {
  program
    .command("run")
    .description("run one confined command on this host, without a server; exits with its exit code")
    .argument("<command...>", "the command and its arguments, best after --")
    // From the command's name on every option is the command's, also where somebody forgets the `--`.
    .passThroughOptions()
    .option("--policy <file>", "what it may reach (default: ~/.config/creel/policy.yaml if there is one, else nothing)")
    .option(
      "--workspace <dir>",
      "a folder of this host, writable inside as /sandbox/work (default: an empty one, thrown away)",
    )
    .option("--env <K=V>", "a variable for the command, may be repeated; nothing is inherited", collect, [])
    .option("--secret <NAME=VALUE>", "a credential the command never sees, may be repeated (see below)", collect, [])
    .option("--monitor", "record what the policy would deny instead of denying it")
    .option("--decisions <file>", "append every decision as a JSON line")
    .option(
      "--resolve <HOST:PORT:ADDR>",
      "dial this address for HOST:PORT, also a private one; may be repeated",
      collect,
      [],
    )
    .option("--show <path>", "a file or folder of this host to be seen inside, read-only; may be repeated", collect, [])
    .option(
      "--agent <name>",
      "prepare for a known agent: auto (by the command's name), none, or the agent's name",
      "auto",
    )
    .option("--quiet", "say nothing on stderr but errors: no denials, no summary")
    .option(
      "--json",
      "write decisions to stderr as JSON lines, all of them, instead of a sentence per denial; the summary is the last",
    )
    .addHelpText("after", HELP)
    .action(async (command: string[], flags: RunFlags) => {
      const { run } = await import("./run.ts");
      finish(await run(command, flags, io));
    });
};

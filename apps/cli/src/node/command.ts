import type { Register } from "../register.ts";

const DIR_HELP = "the node's state: key, certificate, journal, sandboxes (default: <CREEL_HOME>/node)";

/** `creel node enroll|start`: makes this host a node of a fleet. */
export const registerNode: Register = (program, io, finish) => {
  const node = program.command("node").description("join this host to a fleet and run its node agent");
  node
    .command("enroll")
    .description("join with an address from the dashboard (Nodes, Enroll a node); the key is made here and stays here")
    .argument("<uri>", "the join address, creel://…; - reads it from standard input")
    .option("--name <name>", "the node's name in the fleet (default: this host's name)")
    .option("--dir <dir>", DIR_HELP)
    .option("--json", "print {nodeId, nodeName, orgSlug, hubUrl, dir} as JSON")
    .addHelpText(
      "after",
      `
The address works once. Other users of this host can read a command line while it runs; standard input they cannot:
  creel node enroll - < join-address
  creel node start`,
    )
    .action(async (uri: string, options: { name?: string; dir?: string; json?: boolean }) => {
      const { enrollNode } = await import("./enroll.ts");
      finish(await enrollNode(uri, { ...options, json: options.json === true }, io));
    });
  node
    .command("start")
    .description(
      "run the node agent of an enrolled host in the foreground; Ctrl-C ends it, its sandboxes wait, cut off",
    )
    .option("--dir <dir>", DIR_HELP)
    .action(async (options: { dir?: string }) => {
      const { startNode } = await import("./start.ts");
      finish(await startNode(options));
    });
};

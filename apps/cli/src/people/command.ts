import type { Register } from "../register.ts";

const JSON_OPTION = ["--json", "print the server's answer as JSON"] as const;

/** `creel member`, `creel grant` and `creel access`: who holds what, over REST with an API token. */
export const registerPeople: Register = (program, io, finish) => {
  program
    .command("member")
    .description("look at who belongs to the organization")
    .command("ls")
    .description("list members with what they hold")
    .option(...JSON_OPTION)
    .action(async (options: { json?: boolean }) => {
      const { listMembers } = await import("./commands.ts");
      finish(await listMembers({ json: options.json === true }, io));
    });
  const grant = program.command("grant").description("give roles to people, and end that");
  grant
    .command("ls")
    .description("list grants in force")
    .option("--all", "those that ended too")
    .option(...JSON_OPTION)
    .action(async (options: { all?: boolean; json?: boolean }) => {
      const { listGrants } = await import("./commands.ts");
      finish(await listGrants({ all: options.all === true, json: options.json === true }, io));
    });
  grant
    .command("give")
    .description("give a role to a member")
    .argument("<role>", "a built-in role, or the id of one of your own")
    .requiredOption("--to <email>", "whom")
    .option("--over <scope>", "only over things with these labels, e.g. env=staging|test,team=payments")
    .option("--hours <n>", "ends by itself after so long", Number)
    .option("--reason <text>", "why; stands in the audit", "")
    .option(...JSON_OPTION)
    .action(
      async (role: string, options: { to: string; over?: string; hours?: number; reason: string; json?: boolean }) => {
        const { giveRole } = await import("./commands.ts");
        const { to, over, hours, reason, json = false } = options;
        finish(await giveRole(role, { to, over, hours, reason, json }, io));
      },
    );
  grant
    .command("end")
    .description("end a grant, and the sign-ins of whomever it reached")
    .argument("<id>", "id of the grant")
    .option(...JSON_OPTION)
    .action(async (id: string, options: { json?: boolean }) => {
      const { endGrant } = await import("./commands.ts");
      finish(await endGrant(id, { json: options.json === true }, io));
    });
  program
    .command("access")
    .description("may somebody do something, and why; exits with 3 when not")
    .argument("<email>", "who")
    .argument("<permission>", "kind:action, e.g. sandbox:operate")
    .option("--sandbox <id>", "on this sandbox")
    .option("--node <id>", "on this node")
    .option("--policy <id>", "on this policy")
    .option(...JSON_OPTION)
    .action(
      async (
        who: string,
        permission: string,
        options: { sandbox?: string; node?: string; policy?: string; json?: boolean },
      ) => {
        const { askAccess } = await import("./commands.ts");
        const { sandbox, node, policy, json = false } = options;
        const thing = {
          ...(sandbox === undefined ? {} : { sandboxId: sandbox }),
          ...(node === undefined ? {} : { nodeId: node }),
          ...(policy === undefined ? {} : { policyId: policy }),
        };
        finish(await askAccess(who, permission, { ...thing, json }, io));
      },
    );
};

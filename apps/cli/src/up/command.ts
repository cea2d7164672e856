import type { Register } from "../register.ts";

export const registerUp: Register = (program, io, finish) => {
  program
    .command("up")
    .description("start database, hub, web and a node on this machine, and keep them running")
    .option("--json", "print one JSON line when everything is ready")
    .option("--reset-owner", "give the first owner a new password, and end all of their sign-ins")
    .addHelpText(
      "after",
      `
Settings (environment):
  CREEL_HOME       where the data lies (default: .creel in the project's root)
  CREEL_WEB_PORT   port of the dashboard (default 7400, or the next free one)
  CREEL_HUB_PORT   port for nodes (default 7401, or the next free one)
  DATABASE_URL     a Postgres 15 or newer instead of the embedded one; its login must be able to create roles
  REDIS_URL        a Redis or Valkey 6.2 or newer for the queues instead of Postgres
  CREEL_ADDRESS_HEADER
                   the header in which your proxy writes the client's address, so that tries are counted by it too
  CREEL_FOUNDERS   who founds further organizations: owners (default) or nobody
  CREEL_LOG_LEVEL  of the hub: debug, info (default), warn or error
  CREEL_SMTP_URL, CREEL_MAIL_FROM, CREEL_NOTICE_HOSTS: docs/notices.md
  CREEL_SSO_HOSTS, CREEL_DNS_SERVERS: docs/single-sign-on.md`,
    )
    .action(async (options: { json?: boolean; resetOwner?: boolean }) => {
      const { up } = await import("./up.ts");
      finish(await up({ json: options.json === true, resetOwner: options.resetOwner === true }, io));
    });
};

import postgres from "postgres";
import { quiet } from "./quiet.ts";

export const appRoleName = "creel_app";
export const systemRoleName = "creel_system";
export const queueRoleName = "creel_queue";

export interface RolePasswords {
  app: string;
  system: string;
  queue: string;
}

/** Passwords travel inside a statement's text, so only what cannot end a literal is taken. */
const PASSWORD = /^[A-Za-z0-9_-]{16,256}$/;

/**
 * Makes the login roles, or gives existing ones these passwords. None owns a table, none may make roles or databases,
 * none bypasses row security. The queue's role owns the schema `bullmq` and nothing else.
 */
export async function provisionRoles(ownerUrl: string, passwords: RolePasswords): Promise<void> {
  const owner = postgres(ownerUrl, { max: 1, prepare: false, onnotice: quiet });
  try {
    const [row] = await owner`select current_database() as name`;
    const database = String(row?.name);
    const logins = [
      [appRoleName, passwords.app],
      [systemRoleName, passwords.system],
      [queueRoleName, passwords.queue],
    ] as const;
    await owner.begin(async (tx) => {
      // Roles belong to the whole cluster; two databases being set up at once must take turns.
      await tx`select pg_advisory_xact_lock(7400402)`;
      for (const [role, password] of logins) {
        if (!PASSWORD.test(password))
          throw new Error(`the password for ${role} must be 16 to 256 of A-Z, a-z, 0-9, _ and -`);
        const [found] = await tx`select 1 from pg_roles where rolname = ${role}`;
        await tx.unsafe(
          `${found === undefined ? "CREATE" : "ALTER"} ROLE ${role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD '${password}'`,
        );
        await tx`grant connect on database ${tx(database)} to ${tx(role)}`;
      }
      await tx`revoke connect, temporary on database ${tx(database)} from public`;
      // The queue's library asks for its schema with `create schema if not exists`, which needs this right even when it is
      // there. The other roles look for tables in `public` alone, so another schema cannot stand in front of it. They
      // are told so here and not by each connection, because poolers refuse a connection that sets it.
      await tx`grant create on database ${tx(database)} to ${tx(queueRoleName)}`;
      for (const role of [appRoleName, systemRoleName]) await tx`alter role ${tx(role)} set search_path = public`;
      await tx`grant ${tx(queueRoleName)} to current_user`;
      await tx`create schema if not exists bullmq authorization ${tx(queueRoleName)}`;
    });
  } finally {
    await owner.end({ timeout: 5 });
  }
}

import { randomUUID } from "node:crypto";
import { type Ctx, createSealer, makeApiToken, org } from "@creel/core";
import { openDb } from "@creel/db";
import type { JobQueue } from "@creel/queue";
import { CliError, messageOf } from "../exit.ts";
import { type Owner, ownerOf, replaceOwner } from "./credentials.ts";
import type { DatabaseUrls } from "./database.ts";
import type { HomePaths } from "./home.ts";
import { randomPassword } from "./secrets.ts";

export const ORG_SLUG = "creel";
const OWNER_EMAIL = "owner@creel.local";

/** Founding an org asks for no work of others: a verb that would is not called here. */
const refuseJob = async (): Promise<never> => {
  throw new Error("no job can be queued while the org is being founded");
};
const noJobs: JobQueue = {
  enqueue: refuseJob,
  work: refuseJob,
  schedule: refuseJob,
  metrics: () => {
    throw new Error("no queue");
  },
  close: async () => undefined,
};

/** The first owner's sign-in as it was made, and what of it still holds. */
export interface FirstOwner extends Owner {
  passwordHolds: boolean;
  owns: boolean;
  tokenHolds: boolean;
}

/** The org and its first owner, the first time. Later nothing is given back: neither the password nor the ownership. */
export async function foundOrg(paths: HomePaths, urls: DatabaseUrls): Promise<FirstOwner> {
  const owner = ownerOf(paths, () => ({
    email: OWNER_EMAIL,
    password: randomPassword(),
    apiToken: makeApiToken(),
  }));
  return await asSystem(paths, urls, "creel up founds the first org", async (ctx) => {
    const { passwordHolds, owns, tokenHolds } = await org.bootstrap({
      ctx,
      input: {
        slug: ORG_SLUG,
        name: "Creel",
        ownerEmail: owner.email,
        ownerPassword: owner.password,
        apiToken: owner.apiToken,
      },
    });
    return { ...owner, passwordHolds, owns, tokenHolds };
  });
}

/**
 * A new password for who owns the org as its first owner. It is told and kept as the first one was, and on disk only once it holds: a start
 * that dies in between left the former sign-in where it was told, and is asked once more.
 */
export async function resetFirstOwner(paths: HomePaths, urls: DatabaseUrls, owner: FirstOwner): Promise<FirstOwner> {
  const { email, apiToken } = owner;
  const password = randomPassword();
  await asSystem(paths, urls, "creel up --reset-owner", async (ctx) => {
    await org.resetOwner({ ctx, input: { slug: ORG_SLUG, email, password } });
  });
  replaceOwner(paths, { email, password, apiToken });
  return { ...owner, password, passwordHolds: true };
}

async function asSystem<T>(
  paths: HomePaths,
  urls: DatabaseUrls,
  reason: string,
  work: (ctx: Ctx) => Promise<T>,
): Promise<T> {
  const db = openDb({ appUrl: urls.app, systemUrl: urls.system, poolMax: 2 });
  try {
    return await work({
      actor: { kind: "system", reason },
      db,
      jobs: noJobs,
      seal: createSealer(paths.masterKey),
      clock: () => new Date(),
      requestId: randomUUID(),
      source: "cli",
    });
  } catch (error) {
    throw new CliError(`the first org could not be set up: ${messageOf(error)}`, { place: paths.home, cause: error });
  } finally {
    await db.close();
  }
}

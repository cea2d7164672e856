import { and, desc, eq, inArray, isNull, type Tx, tables, withOrg } from "@creel/db";
import { parsePolicy } from "@creel/policy";
import {
  CREDENTIALS_FORMER_MAX,
  type DesiredCredential,
  type DesiredSandbox,
  type DesiredState,
} from "@creel/protocol";
import { sealFor } from "@creel/protocol/sealing";
import { z } from "zod";
import { notFound } from "../errors/errors.ts";
import { ownNode } from "../node/self.ts";
import type { Kms } from "../secrets/sealer.ts";
import { first, stored } from "../stored.ts";
import { defineVerb } from "../verb.ts";
import { boundSandboxes } from "./bound.ts";
import { openValue } from "./envelope.ts";
import { placesOf } from "./places.ts";

export const sealPlanInput = z.strictObject({
  planId: z.uuid(),
  /** The public key that the node named over its own channel. */
  sealTo: z.string().max(64),
});

/**
 * A plan with the values its sandboxes may use now, sealed to the node that it is for. Threat: a plan row, an old plan or a node gets
 * values it has no use for; or one secret that cannot be opened keeps a kill from arriving. Invariant: values are in no row; one is
 * sealed only for a running sandbox of the asking node that is bound at this moment and whose policy says where it may go; what
 * cannot be opened is left out and named.
 */
export const sealPlan = defineVerb({
  name: "secret.sealPlan",
  kind: "query",
  gate: { by: "node" },
  input: sealPlanInput,
  run: async (ctx, { planId, sealTo }): Promise<{ desired: DesiredState; unreadable: string[] }> => {
    const { orgId, nodeId } = ctx.actor;
    const t = tables.plans;
    return await withOrg(ctx.db, orgId, async (tx) => {
      await ownNode(tx, ctx.actor);
      const mine = and(eq(t.orgId, orgId), eq(t.id, planId), eq(t.nodeId, nodeId));
      const row = first(await tx.select({ content: t.content }).from(t).where(mine));
      if (row === null) throw notFound();
      const desired = stored<DesiredState>(row.content);
      const bound = await boundSandboxes(tx, { orgId, nodeId });
      const may = new Map(bound.map(({ id, secrets }) => [id, new Set(secrets.map(({ secretId }) => secretId))]));
      const wanted = wantedBy(desired, may);
      if (wanted.length === 0) return { desired, unreadable: [] };
      const values = await openValues(tx, ctx.seal.kms, { orgId, wanted });
      const seal = (sandbox: DesiredSandbox, credential: DesiredCredential): DesiredCredential => {
        const { secretId, name, version } = credential;
        const known = wanted.some((each) => each.sandboxId === sandbox.id && each.secretId === secretId);
        const held = known ? values.get(secretId) : undefined;
        const value = held?.get(version);
        if (held === undefined || value === undefined) return credential;
        const place = { nodeId, generation: desired.generation, sandboxId: sandbox.id, secretId, name };
        const sealed = (text: string, of: number) => sealFor(sealTo, text, { ...place, version: of });
        const former = [...held]
          .filter(([each]) => each < version)
          .slice(0, CREDENTIALS_FORMER_MAX)
          .map(([each, text]) => ({ version: each, sealed: sealed(text, each) }));
        return { ...credential, sealed: sealed(value, version), ...(former.length === 0 ? {} : { former }) };
      };
      const sandboxes = desired.sandboxes.map((sandbox) =>
        sandbox.credentials === undefined
          ? sandbox
          : { ...sandbox, credentials: sandbox.credentials.map((credential) => seal(sandbox, credential)) },
      );
      const unreadable = wanted.filter(({ secretId, version }) => !values.get(secretId)?.has(version));
      return { desired: { ...desired, sandboxes }, unreadable: [...new Set(unreadable.map(({ name }) => name))] };
    });
  },
});

interface Wanted {
  sandboxId: string;
  secretId: string;
  name: string;
  version: number;
}

/** What of a plan's credentials gets a value: its sandbox runs, is bound now, and has a policy that names a place for it. */
function wantedBy({ sandboxes }: DesiredState, may: ReadonlyMap<string, ReadonlySet<string>>): Wanted[] {
  const read = new Map<string, ReturnType<typeof parsePolicy>["policy"]>();
  return sandboxes.flatMap(({ id, state, policy, credentials = [] }) => {
    if (state !== "running" || credentials.length === 0) return [];
    if (!read.has(policy.yaml)) read.set(policy.yaml, parsePolicy(policy.yaml).policy);
    const parsed = read.get(policy.yaml) ?? null;
    return credentials
      .filter(({ name, secretId }) => may.get(id)?.has(secretId) === true && placesOf(name, parsed).length > 0)
      .map(({ name, secretId, version }) => ({ sandboxId: id, secretId, name, version }));
  });
}

/** The values that have not ended, by secret and version, newest first; those that do not open are missing. */
async function openValues(
  tx: Tx,
  kms: Kms,
  { orgId, wanted }: { orgId: string; wanted: readonly Wanted[] },
): Promise<Map<string, Map<number, string>>> {
  const v = tables.secretVersions;
  const ids = [...new Set(wanted.map(({ secretId }) => secretId))];
  const rows = await tx
    .select()
    .from(v)
    .where(and(eq(v.orgId, orgId), inArray(v.secretId, ids), isNull(v.endedAt)))
    .orderBy(desc(v.version));
  const values = new Map<string, Map<number, string>>();
  for (const { secretId, version, wrappedKey, sealedValue } of rows) {
    if (wrappedKey === null || sealedValue === null) continue;
    const value = await openValue(kms, { wrappedKey, sealedValue }, { orgId, secretId, version }).catch(() => null);
    if (value === null) continue;
    const held = values.get(secretId) ?? new Map<number, string>();
    values.set(secretId, held.set(version, value));
  }
  return values;
}

import { and, eq, isNull, type Tx, tables } from "@creel/db";
import { type Channel, makeWebhookSecret, urlProblem } from "@creel/notices/target";
import { z } from "zod";
import { CreelError } from "../errors/errors.ts";
import { type Sealer, sealAnew } from "../secrets/sealer.ts";
import { ADDRESS_CHARS_MAX, URL_CHARS_MAX } from "./limits.ts";

/** One address and nothing else: what follows a comma would be somebody else's. */
const address = z.email().max(ADDRESS_CHARS_MAX);
const url = z.string().max(URL_CHARS_MAX);

export const targetInput = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("email"), address }),
  z.strictObject({ kind: z.literal("slack"), url }),
  z.strictObject({ kind: z.literal("webhook"), url }),
]);

/** The target, and what people may see of it: a URL may be a credential, so of it only the host. */
export function readTarget(
  input: z.output<typeof targetInput>,
  trusted: readonly string[],
): { channel: Channel; shown: string } {
  if (input.kind === "email") return { channel: input, shown: input.address };
  const problem = urlProblem(input.url, trusted);
  if (problem !== null) throw new CreelError("invalid_input", `target.url: The URL ${problem}.`);
  const shown = new URL(input.url).host;
  if (input.kind === "slack") return { channel: input, shown };
  return { channel: { ...input, secret: makeWebhookSecret() }, shown };
}

const aad = (orgId: string, channelId: string): string => `notice channel ${orgId} ${channelId}`;

export const sealTarget = async (seal: Sealer, at: { orgId: string; id: string }, channel: Channel): Promise<string> =>
  await seal.seal(Buffer.from(JSON.stringify(channel), "utf8"), aad(at.orgId, at.id));

const stored = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("email"), address: z.string() }),
  z.strictObject({ kind: z.literal("slack"), url: z.string() }),
  z.strictObject({ kind: z.literal("webhook"), url: z.string(), secret: z.string() }),
]);
export const openTarget = async (
  seal: Sealer,
  row: { orgId: string; id: string; sealedTarget: string },
): Promise<Channel> =>
  stored.parse(JSON.parse(Buffer.from(await seal.open(row.sealedTarget, aad(row.orgId, row.id))).toString("utf8")));

/** Seals the org's targets under the deployment's newest key; answers how many were due. */
export async function rewrapTargets(tx: Tx, seal: Sealer, orgId: string): Promise<number> {
  const t = tables.noticeChannels;
  const mine = and(eq(t.orgId, orgId), isNull(t.removedAt));
  const rows = await tx.select({ id: t.id, sealedTarget: t.sealedTarget }).from(t).where(mine).for("update");
  let due = 0;
  for (const { id, sealedTarget: before } of rows) {
    const sealedTarget = await sealAnew(seal, before, aad(orgId, id));
    if (sealedTarget === null) continue;
    due += 1;
    await tx
      .update(t)
      .set({ sealedTarget })
      .where(and(eq(t.orgId, orgId), eq(t.id, id)));
  }
  return due;
}

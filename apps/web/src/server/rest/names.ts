import { CreelError, type Ctx, notFound, policy, sandbox, secret } from "@creel/core";
import { z } from "zod";
import type { NameResolver } from "./route.ts";

const isId = (text: string): boolean => z.uuid().safeParse(text).success;

/** Answers like a thing that does not exist when the text is neither an id nor a name, so that a probe learns nothing. */
const byName =
  (list: (ctx: Ctx) => Promise<{ items: readonly { id: string; name: string }[] }>): NameResolver =>
  async (ctx, idOrName) => {
    if (isId(idOrName)) return idOrName;
    const found = (await list(ctx)).items.find((item) => item.name === idOrName);
    if (!found) throw notFound();
    return found.id;
  };

export const sandboxId = byName((ctx) => sandbox.list({ ctx, input: {} }));
export const secretId = byName((ctx) => secret.list({ ctx, input: {} }));
export const policyId = byName((ctx) => policy.list({ ctx, input: {} }));

/** An id that cannot be one is an id of nothing. */
export const plainId: NameResolver = async (_ctx, id) => {
  if (!isId(id)) throw notFound();
  return id;
};

export const decisionId: NameResolver = async (_ctx, id) => {
  if (!/^[0-9]{1,15}$/.test(id)) throw notFound();
  return id;
};

export const groupKey: NameResolver = async (_ctx, key) => {
  if (!/^[A-Za-z0-9_-]{22}$/.test(key)) throw notFound();
  return key;
};

export const versionNumber: NameResolver = async (_ctx, text) => {
  const version = Number(text);
  if (!Number.isSafeInteger(version) || version < 1)
    throw new CreelError("invalid_input", "version: a version is a whole number from 1 on.");
  return version;
};

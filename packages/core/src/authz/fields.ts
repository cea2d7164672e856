import { z } from "zod";
import type { Scope } from "./grant.ts";
import { permissions } from "./roles.ts";

/** Names of labels as they stand in scopes and on things: short words, so that a scope reads as a sentence. */
const labelName = z
  .string()
  .regex(/^[a-z][a-z0-9_.-]{0,62}$/, "a label's name is 1 to 63 of a-z, 0-9, _, . and -, beginning with a letter");
const labelValue = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, "a label's value is 1 to 63 of letters, digits, _, . and -");

/** More labels than anybody keeps apart; each is looked at for every row of a list. */
const LABELS_MAX = 16;
const VALUES_MAX = 32;

export const labelsSchema = z
  .record(labelName, labelValue)
  .refine((labels) => Object.keys(labels).length <= LABELS_MAX, `at most ${LABELS_MAX} labels`);

/** A scope without a label would be the whole org in disguise: that is written as null. */
export const scopeSchema = z
  .record(labelName, z.array(labelValue).min(1, "name at least one value").max(VALUES_MAX))
  .refine((scope) => Object.keys(scope).length > 0, "name at least one label, or leave the scope out")
  .refine((scope) => Object.keys(scope).length <= LABELS_MAX, `at most ${LABELS_MAX} labels`);

/** Equal scopes as equal texts, in whatever order people or a database wrote them. */
export function inOrder(scope: Scope): Record<string, string[]> {
  const names = Object.keys(scope).sort();
  return Object.fromEntries(names.map((name) => [name, [...new Set(scope[name])].sort()]));
}

export const permissionsSchema = z
  .array(z.enum(permissions))
  .min(1, "name at least one permission")
  .max(permissions.length)
  .transform((given) => [...new Set(given)].sort());

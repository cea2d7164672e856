import { z } from "zod";
import { choiceCount, quorumsOf } from "./choices.ts";
import {
  CHOICES_MAX,
  FREEZES_MAX,
  QUORUM_MAX,
  RULE_DEPTH_MAX,
  RULE_WIDTH_MAX,
  SEATS_MAX,
  SELECTOR_WIDTH_MAX,
  STEPS_MAX,
  TIME_TO_LIVE_HOURS_DEFAULT,
  TIME_TO_LIVE_HOURS_MAX,
  WORD_CHARS_MAX,
} from "./limits.ts";
import { type ApprovalSpec, type Rule, riskGrades } from "./types.ts";

const word = z.string().min(1).max(WORD_CHARS_MAX);

export const reviewerSchema = z.union([
  z.strictObject({ role: word }),
  z.strictObject({ team: word }),
  z.strictObject({ person: word }),
  z.strictObject({ permission: word }),
]);

const quorumSchema = z.strictObject({
  atLeast: z.number().int().min(1).max(QUORUM_MAX),
  of: z.array(reviewerSchema).min(1).max(RULE_WIDTH_MAX),
  distinctTeams: z.boolean().optional(),
});

/** Built level by level, so that depth is bounded by what there is a schema for. */
function ruleSchemaOf(depth: number): z.ZodType<Rule> {
  if (depth === 0) return quorumSchema;
  const parts = z
    .array(ruleSchemaOf(depth - 1))
    .min(1)
    .max(RULE_WIDTH_MAX);
  return z.union([quorumSchema, z.strictObject({ all: parts }), z.strictObject({ any: parts })]);
}

const instant = z.iso.datetime();
const freezeSchema = z
  .strictObject({ from: instant, until: instant, reason: z.string().min(1).max(WORD_CHARS_MAX) })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), { message: "a freeze ends after it begins" });

export const selectorSchema = z.strictObject({
  kinds: z.array(word).min(1).max(SELECTOR_WIDTH_MAX).optional(),
  labels: z
    .record(word, z.array(word).min(1).max(SELECTOR_WIDTH_MAX))
    .refine((labels) => Object.keys(labels).length <= SELECTOR_WIDTH_MAX, { message: "too many labels" })
    .optional(),
  riskAtLeast: z.enum(riskGrades).optional(),
});

const bounded = (steps: readonly Rule[]): boolean => choiceCount({ all: steps }) <= CHOICES_MAX;
const seated = (steps: readonly Rule[]): boolean =>
  steps.flatMap(quorumsOf).reduce((sum, { atLeast }) => sum + atLeast, 0) <= SEATS_MAX;

/** What an approval policy says, as people write it. Types and bounds are those of `ApprovalSpec`. */
export const approvalSpecSchema = z.strictObject({
  selector: selectorSchema.default({}),
  steps: z
    .array(ruleSchemaOf(RULE_DEPTH_MAX))
    .min(1)
    .max(STEPS_MAX)
    .refine(bounded, { message: `the steps can be satisfied in more than ${CHOICES_MAX} ways; use fewer \`any\`` })
    .refine(seated, { message: `the steps ask for more than ${SEATS_MAX} persons` }),
  veto: z
    .union([z.enum(["reviewers", "nobody"]), z.array(reviewerSchema).min(1).max(RULE_WIDTH_MAX)])
    .default("reviewers"),
  timeToLiveHours: z.number().int().min(1).max(TIME_TO_LIVE_HOURS_MAX).default(TIME_TO_LIVE_HOURS_DEFAULT),
  freezes: z.array(freezeSchema).max(FREEZES_MAX).default([]),
}) satisfies z.ZodType<ApprovalSpec>;

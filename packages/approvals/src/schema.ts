import { z } from "zod";
import { choiceCount, quorumsOf } from "./choices.ts";
import { frozenUntil } from "./freeze.ts";
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
import { type ApprovalSpec, type Freeze, type Rule, riskGrades, weekdays } from "./types.ts";
import { isTimezone } from "./zone.ts";

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
const freezeReason = z.string().min(1).max(WORD_CHARS_MAX);
const onceSchema = z
  .strictObject({ from: instant, until: instant, reason: freezeReason })
  .refine(({ from, until }) => Date.parse(from) < Date.parse(until), { message: "a freeze ends after it begins" });

const weeklySchema = z.strictObject({
  weekly: z.strictObject({
    days: z
      .array(z.enum(weekdays))
      .min(1)
      .max(weekdays.length)
      .refine((days) => new Set(days).size === days.length, { message: "a day stands here twice" }),
    from: z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, "a time is HH:MM"),
    until: z.string().regex(/^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$/, "a time is HH:MM, at most 24:00"),
    timezone: z
      .string()
      .max(WORD_CHARS_MAX)
      .refine(isTimezone, { message: "no time zone has this name; one is called Europe/Berlin" }),
  }),
  reason: freezeReason,
});
const freezeSchema = z.union([weeklySchema, onceSchema]);

/** Weeks that leave no moment would hold everything up for ever, the change that mends the rule with it. */
const opens = (freezes: readonly Freeze[]): boolean => {
  // One in no zone is refused already, and nothing is known of its hours.
  const weekly = freezes.filter((freeze) => "weekly" in freeze && isTimezone(freeze.weekly.timezone));
  const at = new Date(0);
  const until = frozenUntil([{ freezes: weekly }], at);
  return until === null || until.getTime() - at.getTime() < WEEK_MS;
};
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

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
  freezes: z
    .array(freezeSchema)
    .max(FREEZES_MAX)
    .refine(opens, { message: "the weekly freezes leave no moment of the week open" })
    .default([]),
}) satisfies z.ZodType<ApprovalSpec>;

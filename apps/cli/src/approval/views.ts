import { z } from "zod";

const person = z.looseObject({ id: z.string().nullable(), label: z.string() });

/** What these commands read of the server's answers; fields that they do not use may be added there freely. */
export const changeSchema = z.looseObject({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  state: z.string(),
  risk: z.string(),
  digest: z.string(),
  author: person,
  createdAt: z.string(),
});
export type ChangeSummary = z.infer<typeof changeSchema>;

const quorumSchema = z.looseObject({
  asks: z.string(),
  filledBy: z.array(person),
  missing: z.number(),
  candidates: z.array(person),
  candidateCount: z.number().optional(),
});
export type Quorum = z.infer<typeof quorumSchema>;
export const changeDetailSchema = z.looseObject({
  ...changeSchema.shape,
  /** Absent from servers of before. */
  lastEditor: person.nullable().optional(),
  message: z.string(),
  applyAt: z.string().nullable(),
  endedReason: z.string().nullable(),
  rules: z.array(
    z.looseObject({
      name: z.string(),
      state: z.string(),
      asks: z.string(),
      outOfReach: z.boolean(),
      steps: z.array(z.looseObject({ state: z.string(), quorums: z.array(quorumSchema) })),
    }),
  ),
  votes: z.array(
    z.looseObject({ voter: person, verdict: z.string(), current: z.boolean(), uncounted: z.string().nullable() }),
  ),
});
export type ChangeDetail = z.infer<typeof changeDetailSchema>;

export const movedSchema = z.looseObject({ changeId: z.string(), state: z.string(), reason: z.string().nullable() });

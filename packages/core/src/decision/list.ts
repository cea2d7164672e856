import { decisionKinds, verdicts } from "@creel/protocol";
import { z } from "zod";
import { PAGE_DEFAULT, PAGE_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { DecisionView } from "../views.ts";

export const listInput = z.strictObject({
  sandboxId: z.uuid().optional(),
  nodeId: z.uuid().optional(),
  decision: z.enum(verdicts).optional(),
  kind: z.enum(decisionKinds).optional(),
  /** Older than this cursor, newest first. */
  before: z.number().int().nonnegative().optional(),
  /** Newer than this cursor, oldest first: what a feed asks to catch up. */
  after: z.number().int().nonnegative().optional(),
  limit: z.number().int().min(1).max(PAGE_MAX).default(PAGE_DEFAULT),
});

export const list = defineVerb({
  name: "decision.list",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: listInput,
  run: async (): Promise<{ items: DecisionView[]; nextBefore: number | null; lastCursor: number }> => {
    throw new Error("not written yet");
  },
});

import { z } from "zod";
import { TIMELINE_MINUTES_MAX } from "../limits.ts";
import { defineVerb } from "../verb.ts";
import type { TimelineBucket } from "../views.ts";

export const timelineInput = z.strictObject({
  windowMinutes: z.number().int().min(1).max(TIMELINE_MINUTES_MAX).default(60),
  sandboxId: z.uuid().optional(),
});

export const timeline = defineVerb({
  name: "decision.timeline",
  kind: "query",
  gate: { by: "person", action: "read", on: "decision" },
  input: timelineInput,
  run: async (): Promise<{ bucketSeconds: number; buckets: TimelineBucket[] }> => {
    throw new Error("not written yet");
  },
});

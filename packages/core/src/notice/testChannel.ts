import { isNull, tables } from "@creel/db";
import { defineVerb } from "../verb.ts";
import { channelIdInput } from "./channels.ts";
import { sendTest } from "./sendTest.ts";

export const testChannelInput = channelIdInput;

/** Sends a notice that says it is a test; a paused channel is tried again from then on. */
export const testChannel = defineVerb({
  name: "notice.testChannel",
  kind: "mutation",
  gate: { by: "person", action: "update", on: "notice" },
  input: testChannelInput,
  run: async (ctx, { channelId }): Promise<void> =>
    await sendTest(ctx, isNull(tables.noticeChannels.userId), channelId),
});

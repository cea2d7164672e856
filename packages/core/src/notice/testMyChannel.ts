import { defineVerb } from "../verb.ts";
import { channelIdInput, ownedBy } from "./channels.ts";
import { sendTest } from "./sendTest.ts";

export const testMyChannelInput = channelIdInput;

export const testMyChannel = defineVerb({
  name: "notice.testMyChannel",
  kind: "mutation",
  gate: { by: "self" },
  input: testMyChannelInput,
  run: async (ctx, { channelId }): Promise<void> =>
    await sendTest(ctx, ownedBy({ userId: ctx.actor.userId }), channelId),
});

import { defineVerb } from "../verb.ts";
import { channelIdInput, ownedBy, removeChannel } from "./channels.ts";

export const removeMyChannelInput = channelIdInput;

export const removeMyChannel = defineVerb({
  name: "notice.removeMyChannel",
  kind: "mutation",
  gate: { by: "self" },
  input: removeMyChannelInput,
  run: async (ctx, { channelId }): Promise<void> =>
    await removeChannel(ctx, ownedBy({ userId: ctx.actor.userId }), channelId),
});

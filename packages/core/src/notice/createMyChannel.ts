import { z } from "zod";
import { defineVerb } from "../verb.ts";
import { channelFields, type MadeChannel, makeChannel } from "./channels.ts";

export const createMyChannelInput = z.strictObject(channelFields);

/** A channel of the person's own; what it tells is what that person may read at the moment. */
export const createMyChannel = defineVerb({
  name: "notice.createMyChannel",
  kind: "mutation",
  gate: { by: "self" },
  // It goes on telling what the person may read after every sign-in of theirs has ended.
  proof: true,
  input: createMyChannelInput,
  run: async (ctx, fields): Promise<MadeChannel> => await makeChannel(ctx, { userId: ctx.actor.userId }, fields),
});

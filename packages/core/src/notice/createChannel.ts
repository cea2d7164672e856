import { z } from "zod";
import { defineVerb } from "../verb.ts";
import { channelFields, type MadeChannel, makeChannel } from "./channels.ts";

export const createChannelInput = z.strictObject({ ...channelFields, teamId: z.uuid().optional() });

/** A channel of a team, or of the whole org. */
export const createChannel = defineVerb({
  name: "notice.createChannel",
  kind: "mutation",
  gate: { by: "person", action: "create", on: "notice" },
  input: createChannelInput,
  run: async (ctx, { teamId, ...fields }): Promise<MadeChannel> =>
    await makeChannel(ctx, teamId === undefined ? { org: true } : { teamId }, fields),
});

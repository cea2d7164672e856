import { isNull, tables } from "@creel/db";
import { defineVerb } from "../verb.ts";
import { channelIdInput, removeChannel as remove } from "./channels.ts";

export const removeChannelInput = channelIdInput;

export const removeChannel = defineVerb({
  name: "notice.removeChannel",
  kind: "mutation",
  gate: { by: "person", action: "delete", on: "notice" },
  input: removeChannelInput,
  run: async (ctx, { channelId }): Promise<void> => await remove(ctx, isNull(tables.noticeChannels.userId), channelId),
});

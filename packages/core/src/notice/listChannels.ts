import { isNull, tables } from "@creel/db";
import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { NoticeChannelView } from "../views.ts";
import { listChannels as read } from "./channels.ts";

export const listChannelsInput = z.strictObject({});

/** The channels of the org and of its teams, with their health. */
export const listChannels = defineVerb({
  name: "notice.listChannels",
  kind: "query",
  gate: { by: "person", action: "read", on: "notice" },
  input: listChannelsInput,
  run: async (ctx): Promise<{ items: NoticeChannelView[] }> => await read(ctx, isNull(tables.noticeChannels.userId)),
});

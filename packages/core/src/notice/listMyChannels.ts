import { z } from "zod";
import { defineVerb } from "../verb.ts";
import type { NoticeChannelView } from "../views.ts";
import { listChannels, ownedBy } from "./channels.ts";

export const listMyChannelsInput = z.strictObject({});

export const listMyChannels = defineVerb({
  name: "notice.listMyChannels",
  kind: "query",
  gate: { by: "self" },
  input: listMyChannelsInput,
  run: async (ctx): Promise<{ items: NoticeChannelView[] }> =>
    await listChannels(ctx, ownedBy({ userId: ctx.actor.userId })),
});

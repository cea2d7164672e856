import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import type { Api } from "../api/client.ts";
import { listOf } from "../sandbox/views.ts";
import { type NodeView, nodeSchema } from "./demo.ts";
import { type HomePaths, readIfThere, writePrivate } from "./home.ts";

const POLL_MS = 250;
const nodeFileSchema = z.looseObject({ nodeId: z.string() });

const identityFile = (paths: HomePaths): string => join(paths.node, "identity/node.json");

export const hasJoined = (paths: HomePaths): boolean => existsSync(identityFile(paths));

export interface Joining {
  /** Holds a single-use join URI: never argv, never the environment. */
  uriFile: string;
  name: string;
}

/** What a node that has never joined needs for it; null when it has joined. */
export async function prepareJoin(api: Api, paths: HomePaths): Promise<Joining | null> {
  const uriFile = join(paths.secrets, "join-uri");
  if (hasJoined(paths)) {
    rmSync(uriFile, { force: true });
    return null;
  }
  // A start that died between the hub's answer and the node's disk has used a name up.
  const taken = new Set((await api.call(listOf(nodeSchema), "GET", "/nodes")).map((node) => node.name));
  const name = Array.from({ length: taken.size + 1 }, (_, index) =>
    index === 0 ? "local" : `local-${index + 1}`,
  ).find((candidate) => !taken.has(candidate));
  const made = await api.call(z.looseObject({ uri: z.string() }), "POST", "/enroll-secrets", {
    body: { nodeName: name },
  });
  writePrivate(uriFile, `${made.uri}\n`);
  return { uriFile, name: name ?? "local" };
}

/** Waits until the local node has joined and its connection stands, and forgets the join URI. */
export async function untilConnected(api: Api, paths: HomePaths, signal: AbortSignal): Promise<NodeView> {
  for (;;) {
    signal.throwIfAborted();
    const text = readIfThere(identityFile(paths));
    const id = text === null ? null : nodeFileSchema.parse(JSON.parse(text)).nodeId;
    const nodes = await api.call(listOf(nodeSchema), "GET", "/nodes").catch(() => []);
    const own = nodes.find((node) => node.id === id);
    if (own?.connected === true && own.model !== null) {
      rmSync(join(paths.secrets, "join-uri"), { force: true });
      return own;
    }
    await delay(POLL_MS, undefined, { signal });
  }
}

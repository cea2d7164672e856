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

/** For a node that has never joined: a file with a single-use join URI (never argv, never the environment). Null when it has. */
export async function joinUriFile(api: Api, paths: HomePaths): Promise<string | null> {
  const file = join(paths.secrets, "join-uri");
  if (existsSync(identityFile(paths))) {
    rmSync(file, { force: true });
    return null;
  }
  const { uri } = await api.call(z.looseObject({ uri: z.string() }), "POST", "/enroll-secrets", {
    body: { nodeName: "local" },
  });
  writePrivate(file, `${uri}\n`);
  return file;
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

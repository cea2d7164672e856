/**
 * The gateway process. It holds the model's credential and the sandboxes' traffic, and nothing else: no identity of the node, no
 * connection to the hub. It ends when its parent goes away, and then nothing leaves any sandbox.
 */
import { readGatewayEnv } from "./env.ts";
import { type FromGateway, toGatewaySchema } from "./gateway/messages.ts";
import { serveGateway } from "./gateway/serve.ts";

const send = (message: FromGateway): void => {
  if (process.connected) process.send?.(message);
};

// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on("SIGINT", () => undefined);
process.on("SIGTERM", () => undefined);

let served: Awaited<ReturnType<typeof serveGateway>> | null = null;
const early: unknown[] = [];
process.on("disconnect", () => {
  const end = () => process.exit(0);
  setTimeout(end, 2_000).unref();
  if (served) served.close().then(end, end);
  else end();
});
process.on("message", (raw) => {
  if (served) return void served.take(raw);
  const parsed = toGatewaySchema.safeParse(raw);
  if (!parsed.success || parsed.data.type !== "start") return void early.push(raw);
  serveGateway({ start: parsed.data, modelEnv: readGatewayEnv(), send }).then(
    (made) => {
      served = made;
      for (const message of early.splice(0)) void made.take(message);
    },
    (error: unknown) => {
      process.stderr.write(`creel gateway: ${error instanceof Error ? error.message : "cannot start"}\n`);
      process.exit(1);
    },
  );
});

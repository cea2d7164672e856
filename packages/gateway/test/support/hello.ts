import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { connect as tlsConnect } from "node:tls";
import { portOf } from "./world.ts";

/** The first bytes of a real client that asks for `servername`. */
export async function helloOf(servername: string): Promise<Buffer> {
  const catcher = createServer();
  catcher.listen(0, "127.0.0.1");
  await once(catcher, "listening");
  const client = tlsConnect({ host: "127.0.0.1", port: portOf(catcher), servername });
  client.on("error", () => {});
  const [socket]: Socket[] = await once(catcher, "connection");
  if (socket === undefined) throw new Error("no connection");
  const [bytes] = await once(socket, "data");
  client.destroy();
  socket.destroy();
  catcher.close();
  return bytes;
}

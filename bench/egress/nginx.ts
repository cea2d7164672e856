import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../packages/db/src/embedded/freePort.ts";

const found = (...paths: string[]): string | null => paths.find((path) => existsSync(path)) ?? null;
const STREAM_MODULE = "/usr/lib/nginx/modules/ngx_stream_module.so";

export interface Relay {
  name: string;
  port: number;
  child: ChildProcess;
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const socket = connect({ port, host: "127.0.0.1" });
    const open = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (open) return;
    await delay(25);
  }
  throw new Error(`Nothing listens on port ${port}.`);
}

/** nginx's stream module with one worker and its own defaults; null where it is not installed. */
export async function startNginx(folder: string, tcpPort: number): Promise<Relay | null> {
  const program = found("/usr/sbin/nginx", "/usr/bin/nginx");
  if (program === null || found(STREAM_MODULE) === null) return null;
  const port = await freePort();
  const config = join(folder, "nginx.conf");
  writeFileSync(
    config,
    `load_module ${STREAM_MODULE};
daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
stream { server { listen 127.0.0.1:${port}; proxy_pass 127.0.0.1:${tcpPort}; } }
`,
  );
  const child = spawn(program, ["-p", folder, "-c", config], { stdio: "inherit" });
  await answering(port);
  return { name: "nginx stream", port, child };
}

/** A process for each connection, with Node's size of buffer instead of its own 8 KiB; null where it is not installed. */
export async function startSocat(tcpPort: number): Promise<Relay | null> {
  const program = found("/usr/bin/socat");
  if (program === null) return null;
  const port = await freePort();
  const listen = `TCP-LISTEN:${port},bind=127.0.0.1,fork,reuseaddr`;
  const child = spawn(program, ["-b", "65536", listen, `TCP:127.0.0.1:${tcpPort}`], { stdio: "ignore" });
  await answering(port);
  return { name: "socat", port, child };
}

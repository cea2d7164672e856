import { createServer } from "node:net";
import { CliError, systemCode } from "../exit.ts";

/** How far to look past the usual port before giving up: more neighbours than that is not an accident. */
const NEIGHBOURS_MAX = 50;

/** True when nothing listens on this port of the loopback interface (or of all interfaces). */
export function isFree(port: number, host = "127.0.0.1"): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => {
      const code = systemCode(error);
      if (code === "EADDRINUSE" || code === "EACCES") resolve(false);
      else reject(error);
    });
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export interface PortWish {
  /** What the port is for, as people say it. */
  name: string;
  /** The setting that names it. */
  variable: string;
  /** Explicitly asked for: this one or none. */
  explicit: number | null;
  /** Of the earlier start, so that bookmarks and enrolled nodes go on working. */
  previous: number | null;
  usual: number;
  /** Ports already given away in this start. */
  taken: ReadonlySet<number>;
}

/** @throws CliError when the port that was asked for is busy. */
export async function choosePort(wish: PortWish): Promise<{ port: number; note: string | null }> {
  if (wish.explicit !== null) {
    if (!wish.taken.has(wish.explicit) && (await isFree(wish.explicit))) return { port: wish.explicit, note: null };
    throw new CliError(`port ${wish.explicit} for the ${wish.name} is in use by another program`, {
      place: wish.variable,
      remedy: `Stop that program (\`ss -ltnp\` shows it), set ${wish.variable} to a free port, or unset it to let Creel choose.`,
    });
  }
  const free = async (port: number) => !wish.taken.has(port) && (await isFree(port));
  if (wish.previous !== null && (await free(wish.previous))) return { port: wish.previous, note: null };
  for (let port = wish.usual; port < wish.usual + NEIGHBOURS_MAX; port++) {
    if (!(await free(port))) continue;
    const busy = wish.previous ?? wish.usual;
    const note = port === busy ? null : `port ${busy} is taken; the ${wish.name} uses ${port}`;
    return { port, note };
  }
  throw new CliError(`no free port from ${wish.usual} to ${wish.usual + NEIGHBOURS_MAX - 1} for the ${wish.name}`, {
    place: wish.variable,
    remedy: `Set ${wish.variable} to a free port.`,
  });
}

import { hostBehind } from "../dns/fakeNames.ts";
import { type Flow, PROXY_HOST } from "../state.ts";
import type { Authority } from "./authority.ts";

export type Destination = { host: string; port: number } | { problem: string };

/** Where a request to the proxy leads: as a connection of the program's own to the same place would. */
export function destinationOf(flow: Flow, authority: Authority | null): Destination {
  if (authority === null) return { problem: "The proxy is asked for something that is no host and port." };
  const host = hostBehind(flow.state.names, authority.written);
  if (host === null) return { problem: "This address stands for no name; look the name up again." };
  if (host === PROXY_HOST) return { problem: "The proxy does not lead to itself." };
  flow.state.unusedNames.connected(host);
  return { host, port: authority.port };
}

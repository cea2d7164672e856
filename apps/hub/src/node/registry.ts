import type { Connection } from "./connection.ts";

/** The nodes whose sockets this process holds. One connection a node: a new one takes over from the old. */
export interface Registry {
  add(connection: Connection): void;
  /** Forgets this very connection; false when another one of the node has taken over already. */
  remove(connection: Connection): boolean;
  get(nodeId: string): Connection | undefined;
  inOrg(orgId: string): Connection[];
  all(): Connection[];
}

export function createRegistry(): Registry {
  const byNode = new Map<string, Connection>();
  return {
    add(connection) {
      const before = byNode.get(connection.actor.nodeId);
      byNode.set(connection.actor.nodeId, connection);
      if (before && before !== connection) before.replaced();
    },
    remove(connection) {
      if (byNode.get(connection.actor.nodeId) !== connection) return false;
      return byNode.delete(connection.actor.nodeId);
    },
    get: (nodeId) => byNode.get(nodeId),
    inOrg: (orgId) => [...byNode.values()].filter((connection) => connection.actor.orgId === orgId),
    all: () => [...byNode.values()],
  };
}

export const nodeStates = ["active", "quarantined", "revoked"] as const;
export type NodeState = (typeof nodeStates)[number];

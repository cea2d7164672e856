/** WebSocket close codes of the hub, beside the standard 1001 (hub goes away), 1008 (broken rule) and 1009 (frame too large). */
export const closeCodes = {
  /** Another connection of the same node took over. */
  replaced: 4001,
  /** The node's certificate no longer counts. */
  revoked: 4003,
  /** The node speaks a protocol version that this hub does not. */
  protocolUnknown: 4004,
  /** No `hello` came in time, or something else came first. */
  helloMissing: 4005,
} as const;

/** What one endpoint says of one request. */
import type { CompiledEndpoint } from "../engine/endpoint.ts";
import { judgeGraphql } from "./graphql.ts";
import { judgeHttp } from "./http.ts";
import { judgeRpc } from "./rpc.ts";
import type { Clauses, ProtocolRequest, ProtocolVerdict } from "./types.ts";
import { judgeWebSocket, messageDenial } from "./websocket.ts";

/** `clauses`: those of HTTP that could hold, where an index has found them. */
export function judgeProtocol(
  endpoint: CompiledEndpoint,
  request: ProtocolRequest,
  clauses?: Clauses | undefined,
): ProtocolVerdict {
  switch (endpoint.endpoint.protocol) {
    case "rest":
      return judgeHttp(endpoint, request, clauses);
    case "websocket":
      return judgeWebSocket(endpoint, request, clauses);
    case "graphql":
      return judgeGraphql(endpoint, request);
    case "mcp":
    case "json-rpc":
      return judgeRpc(endpoint, request);
    default:
      return { denied: null, allowed: null, missing: "The endpoint is not inspected." };
  }
}

/** Why a deny rule holds that judges the body, or null. */
export function judgeBodyDenial(endpoint: CompiledEndpoint, request: ProtocolRequest): string | null {
  switch (endpoint.endpoint.protocol) {
    case "websocket":
      return messageDenial(endpoint, request);
    case "graphql":
      return judgeGraphql(endpoint, request).denied;
    case "mcp":
    case "json-rpc":
      return judgeRpc(endpoint, request).denied;
    default:
      return null;
  }
}

/** What one endpoint says of one request. */
import type { CompiledEndpoint } from "../engine/compile.ts";
import { judgeGraphql } from "./graphql.ts";
import { judgeHttp } from "./http.ts";
import { judgeRpc } from "./rpc.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";
import { judgeWebSocket } from "./websocket.ts";

export function judgeProtocol(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  switch (endpoint.endpoint.protocol) {
    case "rest":
      return judgeHttp(endpoint, request);
    case "websocket":
      return judgeWebSocket(endpoint, request);
    case "graphql":
      return judgeGraphql(endpoint, request);
    case "mcp":
    case "json-rpc":
      return judgeRpc(endpoint, request);
    default:
      return { denied: null, allowed: null, missing: "The endpoint is not inspected." };
  }
}

/** What one endpoint says of one request. */
import type { CompiledEndpoint } from "../engine/compile.ts";
import { judgeHttp } from "./http.ts";
import type { ProtocolRequest, ProtocolVerdict } from "./types.ts";

export function judgeProtocol(endpoint: CompiledEndpoint, request: ProtocolRequest): ProtocolVerdict {
  switch (endpoint.endpoint.protocol) {
    case "rest":
      return judgeHttp(endpoint, request);
    default:
      return { denied: null, allowed: null, missing: "This protocol is not judged yet." };
  }
}

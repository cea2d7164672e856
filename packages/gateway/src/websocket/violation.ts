/** Why a WebSocket is closed by us. Codes: RFC 6455 7.4.1. */
export class WebSocketViolation extends Error {
  readonly code: 1002 | 1003 | 1007 | 1008 | 1009 | 1013;
  constructor(code: WebSocketViolation["code"], reason: string) {
    super(reason);
    this.code = code;
  }
}

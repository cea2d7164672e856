/** A narrow, temporary permission of one sandbox beside its policy. */
export interface EgressException {
  id: string;
  /** The program's path, exactly. */
  binary: string;
  /** The program's content, as 64 hex digits; omitted means any content at that path. */
  sha256?: string | undefined;
  /** Canonical, no pattern. */
  host: string;
  port: number;
  /** A method, or `*`. Omitted: the connection is relayed unread, whatever is said on it. */
  method?: string | undefined;
  /** A path pattern; only beside a method, where omitted means every path. */
  path?: string | undefined;
  /** From this moment on it is not there. */
  endsAtMs: number;
  /** It allows a single request, or a single connection where requests are not read. */
  once: boolean;
}

/** The exception that a decision rests on. */
export interface ExceptionUse {
  id: string;
  once: boolean;
}

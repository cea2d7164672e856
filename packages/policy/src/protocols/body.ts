/** A request's body, read once however many endpoints judge it. */
import { readJson, type StrictJson } from "../canonical/strict-json.ts";
import { headerOf } from "../engine/headers.ts";
import type { PolicyRequest } from "../types.ts";

/** UTF-8 needs at most this for one code unit of a text. */
const BYTES_PER_UNIT_MAX = 3;

export class RequestBody {
  readonly text: string | undefined;
  private readonly headers: PolicyRequest["headers"];
  private bytes: number | undefined;
  private parsed: StrictJson | undefined;
  private hidden: boolean | undefined;

  constructor({ body, headers }: PolicyRequest) {
    this.text = body;
    this.headers = headers;
  }

  isLargerThan(bytesMax: number): boolean {
    const { text = "" } = this;
    if (text.length * BYTES_PER_UNIT_MAX <= bytesMax) return false;
    if (text.length > bytesMax) return true;
    this.bytes ??= new TextEncoder().encode(text).length;
    return this.bytes > bytesMax;
  }

  get json(): StrictJson {
    this.parsed ??= readJson(this.text ?? "");
    return this.parsed;
  }

  /** The server will read it differently from the text that was judged. */
  get isHidden(): boolean {
    this.hidden ??= headersHideBody(this.headers);
    return this.hidden;
  }
}

function headersHideBody(headers: Readonly<Record<string, string>> | undefined): boolean {
  if (headers === undefined) return false;
  const encoding = headerOf(headers, "content-encoding");
  const charset = /charset\s*=\s*"?([^";\s]+)/i.exec(headerOf(headers, "content-type") ?? "")?.[1];
  return (
    (encoding !== undefined && !/^\s*(identity)?\s*$/i.test(encoding)) ||
    (charset !== undefined && !/^(utf-8|us-ascii)$/i.test(charset))
  );
}

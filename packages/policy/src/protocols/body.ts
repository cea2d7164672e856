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

  /** The server will read it differently from the JSON text that was judged. */
  get isHidden(): boolean {
    this.hidden ??= headersHideBody(this.headers);
    return this.hidden;
  }
}

function headersHideBody(headers: Readonly<Record<string, string>> | undefined): boolean {
  if (headers === undefined) return false;
  const encoding = headerOf(headers, "content-encoding");
  const type = headerOf(headers, "content-type");
  return (
    (encoding !== undefined && !/^\s*(identity)?\s*$/i.test(encoding)) ||
    (type !== undefined &&
      (!JSON_TYPE.test(type) || charsetsOf(type).some((name) => !/^(utf-8|us-ascii)$/i.test(name))))
  );
}
/** Under another type, such as a form's, a server finds other words in the same bytes. */
const JSON_TYPE = /^\s*application\/([\w.-]+\+)?json\s*(;|$)/i;
const charsetsOf = (type: string): string[] =>
  [...type.matchAll(/charset\s*=\s*"?([^";\s]+)/gi)].map(([, name = ""]) => name);

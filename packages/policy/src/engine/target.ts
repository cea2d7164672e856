/** A request's target in every reading a deny must hold for. */
import { decode, readTarget } from "../canonical/path.ts";

export interface JudgedTarget {
  readonly path: string;
  /** Whether the path keeps an encoded slash, which only some endpoints accept. */
  readonly encodedSlash: boolean;
  readonly query: [string, string][];
  /** The path, the same with and without the slash at its end, and both fully decoded: a deny holds if it holds for any. */
  readonly denyPaths: readonly string[];
  /** The parameters as they stand and as lenient servers read them: split at `;`, names without brackets, blanks or a NUL's tail. */
  readonly denyQuery: readonly (readonly [string, string])[];
}

/** The readings are made when a deny or a `path` asks for them: most requests meet neither. */
class ReadTarget implements JudgedTarget {
  readonly path: string;
  readonly query: [string, string][];
  readonly encodedSlash: boolean;
  private readonly hasEscape: boolean;
  private readings: readonly string[] | null = null;
  private queryReadings: readonly (readonly [string, string])[] | null = null;

  constructor(path: string, query: [string, string][]) {
    this.path = path;
    this.query = query;
    this.hasEscape = path.includes("%");
    this.encodedSlash = this.hasEscape && path.includes("%2F");
  }
  get denyPaths(): readonly string[] {
    this.readings ??= this.hasEscape ? readingsOf(this.path) : [this.path, otherEnd(this.path)];
    return this.readings;
  }
  get denyQuery(): readonly (readonly [string, string])[] {
    this.queryReadings ??= this.query.some(isReadInTwoWays) ? this.query.flatMap(readingsOfParameter) : this.query;
    return this.queryReadings;
  }
}

const isReadInTwoWays = ([name, value]: readonly [string, string]): boolean =>
  name.includes("[") || name.includes("\0") || name.trim() !== name || name.includes(";") || value.includes(";");

function readingsOfParameter(parameter: readonly [string, string]): (readonly [string, string])[] {
  const found = [parameter];
  for (const part of `${parameter[0]}=${parameter[1]}`.split(";")) {
    const equals = part.indexOf("=");
    const name = equals === -1 ? part : part.slice(0, equals);
    found.push([name.split(/[\0[]/)[0]?.trim() ?? "", equals === -1 ? "" : part.slice(equals + 1)]);
  }
  return found;
}

export function judgeTarget(raw: string): JudgedTarget | null {
  const read = readTarget(raw, { allowEncodedSlash: true });
  return read === null ? null : new ReadTarget(read.path, read.params);
}

function readingsOf(path: string): readonly string[] {
  const decoded = decode(path) ?? path;
  return [...new Set([path, otherEnd(path), decoded, otherEnd(decoded)])];
}

const otherEnd = (path: string): string => (path.endsWith("/") && path.length > 1 ? path.slice(0, -1) : `${path}/`);

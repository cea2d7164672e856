import { type PolicyRequest, parseRecordLine, type RecordedRequest } from "@creel/policy";
import { usageError } from "../exit.ts";
import type { Io } from "../io.ts";
import { LINE_TOO_LONG, lineBatches } from "./line-batches.ts";
import { describesRequest, type RequestFlags, requestOfFlags } from "./request-flags.ts";
import { parseRequest, REQUEST_SHAPE } from "./request-line.ts";

const REMEDY = `Write ${REQUEST_SHAPE}, or a line of \`creel run --decisions\`.`;

/** One request: from the flags, from `--request`, or from standard input. */
export async function readRequest(flags: RequestFlags, io: Io): Promise<PolicyRequest> {
  const { request: json } = flags;
  const described = describesRequest(flags);
  if (json !== undefined && described)
    throw usageError("--request and flags that describe a request cannot stand together", "Keep one.", "--request");
  if (json !== undefined) return requestOfText(json, "--request");
  if (described) return requestOfFlags(flags);
  if (io.terminal?.types === true)
    throw usageError(
      "no request was given",
      "Name it with --binary, --host, --port and so on, with --request JSON, or pipe a line in.",
    );
  for await (const batch of lineBatches(io.stdin))
    for (const { number, text } of batch) {
      if (text === null) throw usageError(LINE_TOO_LONG, REMEDY, `standard input, line ${number}`);
      if (text.trim() !== "") return requestOfText(text, `standard input, line ${number}`);
    }
  throw usageError("standard input holds no request", REMEDY);
}

/** A request line, or a decision record, which names its program as an object. */
function requestOfText(text: string, place: string): PolicyRequest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw usageError(`not JSON: ${error instanceof Error ? error.message : String(error)}`, REMEDY, place);
  }
  if (!isRecordLine(value)) {
    const parsed = parseRequest(value);
    if (!parsed.ok) throw usageError(parsed.problem, REMEDY, place);
    return parsed.request;
  }
  const line = parseRecordLine(text);
  if (!line.ok) throw usageError(line.problem, REMEDY, place);
  if (line.record === null) throw usageError("the line is the end of a connection, not a request", REMEDY, place);
  return requestOfRecord(line.record, place);
}

const isRecordLine = (value: unknown): boolean =>
  typeof value === "object" &&
  value !== null &&
  ("type" in value || ("binary" in value && typeof value.binary !== "string"));

function requestOfRecord(record: RecordedRequest, place: string): PolicyRequest {
  if (record.kind === "dns")
    throw usageError(
      `the record is the lookup of the name ${record.host}; a policy judges connections and requests`,
      "Name the connection: --binary, --host and --port.",
      place,
    );
  const { binary } = record;
  return {
    // Nobody vouched for the program; the engine denies the empty path for that reason.
    binary: binary?.path ?? "",
    ...present("sha256", binary?.sha256),
    ...present("script", binary?.script),
    ...present("library", binary?.library),
    ...present("ancestors", binary?.ancestors),
    host: record.host,
    port: record.port,
    ...present("method", record.method),
    ...present("path", record.path),
    ...present("headers", record.headers),
    ...present("body", record.body),
    ...present("ip", record.ip),
  };
}

const present = <K extends string, V>(key: K, value: V | null | undefined): { [key in K]?: V } =>
  // A computed key widens to any string; it is the one that was passed in.
  value === null || value === undefined ? {} : ({ [key]: value } as { [key in K]?: V });

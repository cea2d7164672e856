import { CreelError, type Ctx } from "@creel/core";
import type { RestRoute } from "./route.ts";

/** The largest body is a policy of 1 MiB, quoted as JSON, with room for escapes. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;

const problem = (message: string): CreelError => new CreelError("invalid_input", message);

/** The body as an object; empty counts as `{}`. Read in pieces so that a body without a length cannot fill the memory. */
export const readJsonBody = async (request: Request): Promise<Record<string, unknown>> => {
  const reader = request.body?.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    size += piece.value.byteLength;
    if (size > BODY_BYTES_MAX) throw problem(`body: at most ${BODY_BYTES_MAX} bytes.`);
    pieces.push(piece.value);
  }
  if (size === 0) return {};
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(pieces)));
  } catch {
    throw problem("body: this is not JSON.");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw problem("body: send a JSON object.");
  return { ...parsed };
};

/** Query strings hold text; a field the verb wants as a number or a boolean is turned into one, and the verb's parser judges it. */
const WHOLE_NUMBER = /^(0|[1-9][0-9]{0,14})$/;
const numericFields = new Set(["limit", "before", "after", "afterOffset", "days"]);
const booleanFields = new Set(["active"]);

function given(name: string, text: string): string | number | boolean {
  if (numericFields.has(name) && WHOLE_NUMBER.test(text)) return Number(text);
  return booleanFields.has(name) && (text === "true" || text === "false") ? text === "true" : text;
}

/** Puts together the verb's input from where the route table says each field stands; an unknown field is an error. */
export const readInput = async (
  route: RestRoute,
  from: { ctx: Ctx; request: Request; params: Readonly<Record<string, string>> },
): Promise<Record<string, unknown>> => {
  const input: Record<string, unknown> = {};
  const allowed = new Set(route.source.query ?? []);
  for (const [name, text] of new URL(from.request.url).searchParams) {
    if (!allowed.has(name)) throw problem(`${name}: this call has no such query parameter.`);
    input[name] = given(name, text);
  }
  if (route.method !== "GET") {
    const fields = new Set(route.source.body ?? []);
    for (const [name, value] of Object.entries(await readJsonBody(from.request))) {
      if (!fields.has(name)) throw problem(`${name}: this call has no such field.`);
      input[name] = value;
    }
  }
  for (const [name, { field, resolve }] of Object.entries(route.source.params ?? {})) {
    const text = from.params[name] ?? "";
    input[field] = resolve ? await resolve(from.ctx, text) : text;
  }
  return input;
};

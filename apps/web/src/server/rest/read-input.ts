import { CreelError, type Ctx } from "@creel/core";
import { z } from "zod";
import { env } from "../../env.ts";
import { addressIn } from "../auth/options.ts";
import type { RestRoute } from "./route.ts";

/** The largest body is a policy of 1 MiB, quoted as JSON, with room for escapes. */
const BODY_BYTES_MAX = 4 * 1024 * 1024;
/** Of who has shown no token: a name or a code. */
const OPEN_BODY_BYTES_MAX = 1024;

const problem = (message: string): CreelError => new CreelError("invalid_input", message);

/** The body as an object; empty counts as `{}`. Read in pieces so that a body without a length cannot fill the memory. */
export const readJsonBody = async (request: Request, bytesMax = BODY_BYTES_MAX): Promise<Record<string, unknown>> => {
  const reader = request.body?.getReader();
  const pieces: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) break;
    size += piece.value.byteLength;
    if (size > bytesMax) throw problem(`body: at most ${bytesMax} bytes.`);
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
const fieldsSchema = z.object({ properties: z.record(z.string(), z.looseObject({ type: z.string().optional() })) });
const typesOfRoute = new WeakMap<z.ZodType, ReadonlyMap<string, string | undefined>>();

/** What the verb itself says each of its fields is, so that no list beside it can be forgotten. */
function typesOf({ input }: Pick<RestRoute, "input">): ReadonlyMap<string, string | undefined> {
  const known = typesOfRoute.get(input);
  if (known !== undefined) return known;
  const { properties } = fieldsSchema.parse(z.toJSONSchema(input, { io: "input", unrepresentable: "any" }));
  const types = new Map(Object.entries(properties).map(([name, { type }]) => [name, type] as const));
  typesOfRoute.set(input, types);
  return types;
}

function given(type: string | undefined, text: string): string | number | boolean {
  if ((type === "integer" || type === "number") && WHOLE_NUMBER.test(text)) return Number(text);
  return type === "boolean" && (text === "true" || text === "false") ? text === "true" : text;
}

/** The fields that stand in the query string; one that the route does not take is an error. */
export function readQuery(
  route: Pick<RestRoute, "input" | "source">,
  search: URLSearchParams,
): Record<string, string | number | boolean> {
  const input: Record<string, string | number | boolean> = {};
  const allowed = new Set(route.source.query ?? []);
  for (const [name, text] of search) {
    if (!allowed.has(name)) throw problem(`${name}: this call has no such query parameter.`);
    input[name] = given(typesOf(route).get(name), text);
  }
  return input;
}

/** Puts together the verb's input from where the route table says each field stands; an unknown field is an error. */
export const readInput = async (
  route: RestRoute,
  from: { ctx: Ctx; request: Request; params: Readonly<Record<string, string>> },
): Promise<Record<string, unknown>> => {
  const input: Record<string, unknown> = readQuery(route, new URL(from.request.url).searchParams);
  if (route.method !== "GET") {
    const fields = new Set(route.source.body ?? []);
    const bytesMax = route.open ? OPEN_BODY_BYTES_MAX : BODY_BYTES_MAX;
    for (const [name, value] of Object.entries(await readJsonBody(from.request, bytesMax))) {
      if (!fields.has(name)) throw problem(`${name}: this call has no such field.`);
      input[name] = value;
    }
  }
  const address = route.source.address === undefined ? null : addressIn(from.request.headers, env().addressHeader);
  if (route.source.address !== undefined && address !== null) input[route.source.address] = address;
  for (const [name, { field, resolve }] of Object.entries(route.source.params ?? {})) {
    const text = from.params[name] ?? "";
    input[field] = resolve ? await resolve(from.ctx, text) : text;
  }
  return input;
};

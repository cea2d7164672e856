/** Bodies as far as the generated requests use them: one operation, or one JSON-RPC call or batch. */

export interface Call {
  method: string;
  tool: string | null;
}

export interface Operation {
  type: "query" | "mutation" | "subscription";
  name: string | null;
  fields: string[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parse(body: string | undefined): unknown {
  try {
    return JSON.parse(body ?? "");
  } catch {
    return undefined;
  }
}

/** Null where the body is missing, unreadable or holds what is no call. */
export function calls(body: string | undefined): Call[] | null {
  const value = parse(body);
  const list = Array.isArray(value) ? value : [value];
  const found: Call[] = [];
  for (const item of list) {
    if (!isObject(item) || item.jsonrpc !== "2.0" || typeof item.method !== "string") return null;
    const name = isObject(item.params) ? item.params.name : undefined;
    found.push({ method: item.method, tool: item.method === "tools/call" && typeof name === "string" ? name : null });
  }
  return found.length === 0 ? null : found;
}

const OPERATION = /^(query|mutation|subscription)(?: ([A-Za-z_]\w*))? \{ ((?:[A-Za-z_]\w* )+)\}$/;

/** Only `query Name { one two }`; the generator writes no other form. */
export function operationOf(body: string | undefined): Operation | null {
  const value = parse(body);
  if (!isObject(value) || typeof value.query !== "string") return null;
  const [, type, name, fields] = OPERATION.exec(value.query) ?? [];
  if (type !== "query" && type !== "mutation" && type !== "subscription") return null;
  return { type, name: name ?? null, fields: (fields ?? "").trim().split(" ") };
}

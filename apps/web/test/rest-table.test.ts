import { describe, expect, it } from "vitest";
import { z } from "zod";
import { matchPath } from "../src/server/rest/match.ts";
import { openApiDocument } from "../src/server/rest/openapi.ts";
import { readQuery } from "../src/server/rest/read-input.ts";
import { restRoutes } from "../src/server/rest/routes.ts";

interface Operation {
  operationId: string;
  parameters: { name: string; in: string }[];
  requestBody?: { content: Record<string, { schema: { properties: Record<string, unknown> } }> };
}
const document = openApiDocument("http://127.0.0.1:7400") as { paths: Record<string, Record<string, Operation>> };

describe("the OpenAPI document and the route table are one", () => {
  it("names every route, and no route that is not there", () => {
    const fromTable = restRoutes.map((route) => `${route.method.toLowerCase()} ${route.path}`);
    const fromDocument = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    );
    expect(new Set(fromDocument)).toEqual(new Set([...fromTable, "get /decisions/stream", "get /audit/export"]));
  });

  it.each(restRoutes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    "%s takes exactly the fields of its verb",
    (_name, route) => {
      const fields = Object.keys(z.toJSONSchema(route.input, { io: "input", unrepresentable: "any" }).properties ?? {});
      const offered = [
        ...Object.values(route.source.params ?? {}).map((param) => param.field),
        ...(route.source.query ?? []),
        ...(route.source.body ?? []),
        ...(route.source.without ?? []),
        ...(route.source.address === undefined ? [] : [route.source.address]),
      ];
      expect([...offered].sort()).toEqual([...fields].sort());
      const braces = [...route.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      expect(braces).toEqual(Object.keys(route.source.params ?? {}));
    },
  );

  it("gives each operation an id of its own", () => {
    const ids = Object.values(document.paths).flatMap((item) => Object.values(item).map((entry) => entry.operationId));
    expect(new Set(ids).size).toBe(ids.length);
  });
});

describe("finding a route", () => {
  it("prefers a plain segment to a parameter", () => {
    const [first] = matchPath(restRoutes, ["sandboxes", "demo", "logs"]);
    expect(first?.route.path).toBe("/sandboxes/{idOrName}/logs");
    expect(first?.params).toEqual({ idOrName: "demo" });
  });
  it("finds nothing for a path that is not there", () => {
    expect(matchPath(restRoutes, ["nodes", "a", "b", "c"])).toEqual([]);
  });
});

describe("a query string is text, and the verb gets what it wants", () => {
  const fields = restRoutes.flatMap((route) => (route.source.query ?? []).map((name) => ({ route, name })));
  const typeOf = ({ route, name }: (typeof fields)[number]): unknown =>
    z.toJSONSchema(route.input, { io: "input", unrepresentable: "any" }).properties?.[name];
  /** What a caller would write; most fields that are text have a form of their own, which the verb judges. */
  const texts: Readonly<Record<string, string>> = { boolean: "true", integer: "7", number: "7", string: "text" };
  const kinds: Readonly<Record<string, string>> = { integer: "number" };

  it.each(fields.map((field) => [`${field.route.path}?${field.name}`, field] as const))("%s", (_name, field) => {
    const { type } = z.object({ type: z.enum(["boolean", "integer", "number", "string"]) }).parse(typeOf(field));
    const input = readQuery(field.route, new URLSearchParams([[field.name, texts[type] ?? ""]]));
    expect(typeof input[field.name]).toBe(kinds[type] ?? type);
  });
});

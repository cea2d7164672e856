import { errorStatus } from "@creel/core";
import { z } from "zod";
import { exportFormats } from "../export/format.ts";
import type { RestRoute } from "./route.ts";
import { restRoutes } from "./routes.ts";

type Json = Record<string, unknown>;

/** The input as JSON Schema, as a caller writes it (defaults may be left out). */
const schemaOf = (route: RestRoute): { properties: Record<string, Json>; required: readonly string[] } => {
  const schema = z.toJSONSchema(route.input, { io: "input", unrepresentable: "any" });
  return { properties: (schema.properties ?? {}) as Record<string, Json>, required: schema.required ?? [] };
};

const problemContent = { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } };
const problems = Object.fromEntries(
  [...new Set(Object.values(errorStatus))].map((status) => [
    String(status),
    { description: "The call failed; `code` says why.", content: problemContent },
  ]),
);

const parametersOf = (route: RestRoute): Json[] => {
  const { properties, required } = schemaOf(route);
  const inPath = Object.keys(route.source.params ?? {}).map((name) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = (route.source.query ?? []).map((name) => ({
    name,
    in: "query",
    required: required.includes(name),
    schema: properties[name] ?? {},
  }));
  return [...inPath, ...inQuery];
};

const bodyOf = (route: RestRoute): Json | undefined => {
  const fields = route.source.body;
  if (!fields) return undefined;
  const { properties, required } = schemaOf(route);
  const needed = fields.filter((field) => required.includes(field));
  const schema = {
    type: "object",
    additionalProperties: false,
    properties: Object.fromEntries(fields.map((field) => [field, properties[field] ?? {}])),
    ...(needed.length > 0 ? { required: needed } : {}),
  };
  return { required: needed.length > 0, content: { "application/json": { schema } } };
};

const operationOf = (route: RestRoute): Json => {
  const body = bodyOf(route);
  return {
    operationId: route.operationId,
    summary: route.summary,
    // Nothing to send: the two routes by which a program comes to a token.
    ...(route.open ? { security: [] } : {}),
    parameters: parametersOf(route),
    ...(body ? { requestBody: body } : {}),
    responses: {
      [String(route.successStatus)]: {
        description: "Done.",
        content: { "application/json": { schema: { type: "object" } } },
      },
      ...problems,
    },
  };
};

const streamOperation: Json = {
  operationId: "decision.stream",
  summary: "Decisions as server-sent events; send Last-Event-ID to resume without loss",
  parameters: [
    { name: "sandboxId", in: "query", required: false, schema: { type: "string", format: "uuid" } },
    { name: "Last-Event-ID", in: "header", required: false, schema: { type: "string" } },
  ],
  responses: {
    "200": { description: "A stream.", content: { "text/event-stream": { schema: { type: "string" } } } },
    ...problems,
  },
};

const exportOperation: Json = {
  operationId: "audit.export",
  summary: "The audit trail as a file, newest first; needs audit:export",
  parameters: [
    { name: "format", in: "query", required: false, schema: { enum: Object.keys(exportFormats), default: "csv" } },
    ...["action", "actor", "resource"].map((name) => ({
      name,
      in: "query",
      required: false,
      schema: { type: "string" },
    })),
  ],
  responses: {
    "200": {
      description: "Every row that fits, as far back as the trail goes. A file that breaks off is not whole.",
      content: { "text/csv": { schema: { type: "string" } }, "application/x-ndjson": { schema: { type: "string" } } },
    },
    ...problems,
  },
};

/** The OpenAPI 3.1 document, made from the route table and the verbs' own schemas. */
export const openApiDocument = (serverUrl: string): Json => {
  const paths: Record<string, Json> = {};
  for (const route of restRoutes) {
    const item = paths[route.path] ?? {};
    item[route.method.toLowerCase()] = operationOf(route);
    paths[route.path] = item;
  }
  paths["/decisions/stream"] = { get: streamOperation };
  paths["/audit/export"] = { get: exportOperation };
  return {
    openapi: "3.1.0",
    info: { title: "Creel", version: "1", description: "The fleet's control plane." },
    servers: [{ url: `${serverUrl}/api/v1` }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: {
        Problem: {
          type: "object",
          required: ["type", "title", "status", "code", "detail"],
          properties: {
            type: { type: "string" },
            title: { type: "string" },
            status: { type: "integer" },
            code: { enum: Object.keys(errorStatus) },
            detail: { type: "string" },
            details: {},
          },
        },
      },
    },
  };
};

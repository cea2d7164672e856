import type { Ctx, Verb } from "@creel/core";
import type { z } from "zod";

export type Method = "GET" | "POST" | "PUT" | "DELETE";

/** Where each field of the verb's input comes from; the same table makes the OpenAPI document. */
export interface Source {
  /** Path parameter → input field; `resolve` turns a name into an id first. */
  params?: Readonly<Record<string, { field: string; resolve?: NameResolver }>>;
  /** Input fields read from the query string. */
  query?: readonly string[];
  /** Input fields read from the JSON body. */
  body?: readonly string[];
  /** The input field for the caller's address, where a proxy that the operator named vouches for one. */
  address?: string;
  /** Input fields that this route does not take: another route of the verb does, or an address cannot say them. */
  without?: readonly string[];
}

/** Turns what stands in the path into an id the caller may see, or throws not found. */
export type NameResolver = (ctx: Ctx, idOrName: string) => Promise<string | number>;

export interface RestRoute {
  method: Method;
  /** With OpenAPI's own braces, below `/api/v1`. */
  path: string;
  summary: string;
  successStatus: 200 | 201;
  source: Source;
  /** In the OpenAPI document. The verb's name, but where two routes lead to one verb. */
  operationId: string;
  verbName: string;
  kind: "query" | "mutation";
  /** Answers whoever asks, without a token. */
  open: boolean;
  input: z.ZodType;
  call: (ctx: Ctx, input: unknown) => Promise<unknown>;
}

/** 202 where what was asked for waits for approval: it was taken, and has not happened. */
export const statusOf = (route: Pick<RestRoute, "successStatus">, answer: unknown): number =>
  typeof answer === "object" && answer !== null && "outcome" in answer && answer.outcome === "proposed"
    ? 202
    : route.successStatus;

interface RouteOptions {
  summary: string;
  source?: Source;
  successStatus?: 200 | 201;
  operationId?: string;
}

/** One line of the route table: a method and a path in front of a verb. */
export const route = <I extends z.ZodType, O>(
  method: Method,
  path: string,
  verb: Verb<I, O>,
  options: RouteOptions,
): RestRoute => {
  if ((verb.kind === "query") !== (method === "GET"))
    throw new Error(`${method} ${path}: ${verb.verbName} is a ${verb.kind}`);
  return {
    method,
    path,
    summary: options.summary,
    successStatus: options.successStatus ?? 200,
    source: options.source ?? {},
    operationId: options.operationId ?? verb.verbName,
    verbName: verb.verbName,
    kind: verb.kind,
    open: verb.gate.by === "open",
    input: verb.input,
    call: (ctx, input) => verb({ ctx, input: unparsed<I>(input) }),
  };
};

/** Guarantees nothing: the verb's own parser judges it, after the verb has judged the caller. */
const unparsed = <I extends z.ZodType>(value: unknown) => value as z.input<I>;

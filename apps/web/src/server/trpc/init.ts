import type { Ctx, Verb } from "@creel/core";
import { initTRPC, TRPCError } from "@trpc/server";
import superjson from "superjson";
import type { z } from "zod";
import { logIfUnforeseen } from "../errors/problem.ts";
import { publicErrorOf, toTrpcError } from "../errors/trpc-error.ts";

export interface TrpcContext {
  core: Ctx;
  /** Whether the request came from one of our own pages; a mutation needs it. */
  sameOrigin: boolean;
}

const t = initTRPC.context<TrpcContext>().create({
  transformer: superjson,
  isDev: false,
  errorFormatter: ({ shape, error }) => {
    const body = publicErrorOf(error);
    return {
      ...shape,
      message: body.message,
      data: { code: shape.data.code, httpStatus: shape.data.httpStatus, ...{ creel: body } },
    };
  },
});

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** Guarantees nothing: the verb's own parser is the one that judges, after it has judged the caller. */
const unparsed = <I extends z.ZodType>(value: unknown) => (value ?? {}) as z.input<I>;

const call = async <I extends z.ZodType, O>(verb: Verb<I, O>, ctx: TrpcContext, input: unknown): Promise<O> => {
  try {
    return await verb({ ctx: ctx.core, input: unparsed<I>(input) });
  } catch (error) {
    logIfUnforeseen(error, { requestId: ctx.core.requestId, operation: verb.verbName });
    throw toTrpcError(error);
  }
};

const expectKind = (verb: { verbName: string; kind: string }, kind: "query" | "mutation"): void => {
  if (verb.kind !== kind) throw new Error(`${verb.verbName} is a ${verb.kind} and cannot be offered as a ${kind}`);
};

/** A verb that only reads, as a procedure. */
export const query = <I extends z.ZodType, O>(verb: Verb<I, O>) => {
  expectKind(verb, "query");
  return t.procedure.input(unparsed<I>).query(({ ctx, input }) => call(verb, ctx, input));
};

/** A verb that changes something, as a procedure; refused unless one of our own pages asks. */
export const mutation = <I extends z.ZodType, O>(verb: Verb<I, O>) => {
  expectKind(verb, "mutation");
  return t.procedure.input(unparsed<I>).mutation(({ ctx, input }) => {
    if (!ctx.sameOrigin) throw new TRPCError({ code: "FORBIDDEN" });
    return call(verb, ctx, input);
  });
};

import { withRoots } from "@creel/gateway";
import { createRouter, detectModel, type InferenceRequest, type InferenceResponse, type Router } from "@creel/router";

/** The inference router, made at the first request for a model: looking for local ones would slow down every other command. */
export function lazyRouter(
  env: NodeJS.ProcessEnv,
  authorities: readonly string[],
): {
  handle(request: InferenceRequest): Promise<InferenceResponse>;
  close(): Promise<void>;
} {
  let router: Promise<Router> | null = null;
  const now = (): Date => new Date();
  const open = async (): Promise<Router> =>
    createRouter({ models: [await detectModel(env, { now, ca: withRoots(authorities)?.join("\n") })], now });
  return {
    async handle(request) {
      router ??= open();
      return await (await router).handle(request);
    },
    async close() {
      await (await router)?.close();
    },
  };
}

import { withRoots } from "@creel/gateway/ahead";
import type { InferenceRequest, InferenceResponse, ModelBackend, Router } from "@creel/router";
import { type AgentModel, type KnownAgent, modelEnv } from "./agent.ts";

export interface LazyRouter {
  handle(request: InferenceRequest): Promise<InferenceResponse>;
  /** Looks for the model now. */
  model(): Promise<AgentModel & { provider: string; scripted: boolean }>;
  close(): Promise<void>;
}

/** The inference router, made when a model is first asked for: looking for local ones would slow down every other command. */
export function lazyRouter(
  agent: KnownAgent | null,
  env: NodeJS.ProcessEnv,
  authorities: readonly string[],
): LazyRouter {
  let opened: Promise<{ router: Router; backend: ModelBackend }> | null = null;
  const now = (): Date => new Date();
  const open = async () => {
    const { createRouter, detectModel } = await import("@creel/router");
    const backend = await detectModel(modelEnv(agent, env), { now, ca: withRoots(authorities)?.join("\n") });
    return { router: createRouter({ models: [backend], now }), backend };
  };
  const get = () => {
    opened ??= open();
    return opened;
  };
  return {
    async handle(request) {
      return await (await get()).router.handle(request);
    },
    async model() {
      const { backend } = await get();
      const { provider, name, scripted } = backend.info;
      return { provider, name, scripted, protocols: backend.protocols };
    },
    async close() {
      await (await opened)?.router.close();
    },
  };
}

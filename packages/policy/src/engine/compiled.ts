/** What compiling makes; types alone, because the engine, its parts and the exceptions speak of each other. */
import type { EgressException } from "../exceptions/types.ts";
import type { GlobMatcher } from "../glob/types.ts";
import type { Policy } from "../model.ts";
import type { CompiledBinary } from "./binary.ts";
import type { Hosts } from "./hosts.ts";

export interface CompiledMiddleware {
  key: string;
  include: readonly GlobMatcher[];
  exclude: readonly GlobMatcher[];
}

export interface CompiledInference {
  enabled: boolean;
  models: readonly GlobMatcher[] | null;
  binaries: readonly CompiledBinary[] | null;
}

export interface CompiledPolicy {
  readonly policy: Policy;
  readonly monitorUntilMs: number | null;
  readonly hosts: Hosts;
  /** Hosts that some entry names plainly. */
  readonly exactHosts: ReadonlySet<string>;
  readonly inference: CompiledInference | null;
  /** Fail-closed middlewares that this gateway cannot run; hosts they cover are denied. */
  readonly missingMiddlewares: readonly CompiledMiddleware[];
  /** What stands beside the policy for a while; `withExceptions` puts it there. */
  readonly exceptions: CompiledExceptions | null;
}

export interface CompiledException {
  readonly exception: EgressException;
  readonly alone: CompiledPolicy;
}

export interface CompiledExceptions {
  /** Those that last before those for once, so that none is used up where another would do. */
  readonly all: readonly CompiledException[];
  /** Whether one for once has been used. As the time, this is a fact of the moment and not of the policy. */
  readonly isSpent: (id: string) => boolean;
}

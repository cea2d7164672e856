import type { TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import type { AppRouter } from "../server/trpc/router.ts";
import { shownError } from "./errors.ts";
import type { ProofGate } from "./proof-gate.ts";

/** An act that the server answers with "proof needed" waits at the gate and is sent once more, as it was; a second no is final. */
export const proofLink =
  (gate: ProofGate): TRPCLink<AppRouter> =>
  () =>
  ({ op, next }) =>
    observable((observer) => {
      let over = false;
      let sent = { unsubscribe: (): void => {} };
      const send = (mayAsk: boolean): void => {
        sent = next(op).subscribe({
          next: (value) => observer.next(value),
          complete: () => observer.complete(),
          error: (error) => {
            const asks = mayAsk && op.type === "mutation" && shownError(error).code === "proof_required";
            if (!asks) return observer.error(error);
            void gate.ask().then((proved) => {
              if (over) return;
              if (proved) send(false);
              else observer.error(error);
            });
          },
        });
      };
      send(true);
      return () => {
        over = true;
        sent.unsubscribe();
      };
    });

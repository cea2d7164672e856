import type { DecisionSink } from "./journal/sink.ts";

/**
 * A sandbox's signs of life on the network, as `idle_seconds` and `creel run` count them: everything decided and everything ended, and
 * what is under way. A connection on which nothing is asked is none, so holding one open does not outlive an idle time.
 */
export interface Traffic {
  /** Grows with every decision about it, and with every end of something allowed. */
  count: number;
  /** Requests and relayed connections that were allowed and have not ended. */
  open: number;
}

/** The same sink, with what passes counted for its sandbox. What `trafficOf` does not know is counted nowhere. */
export function countTraffic(sink: DecisionSink, trafficOf: (sandbox: string) => Traffic | undefined): DecisionSink {
  const underWay = new Map<number, Traffic>();
  return {
    boot: sink.boot,
    async append(draft) {
      const traffic = trafficOf(draft.sandbox);
      if (traffic !== undefined) traffic.count += 1;
      const ref = await sink.append(draft);
      if (traffic !== undefined && draft.decision !== "deny" && draft.kind !== "dns") {
        traffic.open += 1;
        underWay.set(ref, traffic);
      }
      return ref;
    },
    end(ref, totals) {
      const traffic = underWay.get(ref);
      if (traffic !== undefined) {
        underWay.delete(ref);
        traffic.open -= 1;
        traffic.count += 1;
      }
      sink.end(ref, totals);
    },
    close: () => sink.close(),
  };
}

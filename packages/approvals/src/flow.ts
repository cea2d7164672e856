/** A network of small whole capacities, and the most that can flow through it (augmenting paths, depth first). */
export interface Flow {
  /** A connection that is there already keeps its capacity. */
  connect(from: string, to: string, capacity: number): void;
  /** Fills the network; call once. */
  run(source: string, sink: string): number;
  /** What flows along this connection. */
  between(from: string, to: string): number;
}

export function createFlow(): Flow {
  const left = new Map<string, Map<string, number>>();
  const given = new Map<string, Map<string, number>>();
  const add = (table: Map<string, Map<string, number>>, from: string, to: string, amount: number): void => {
    const row = table.get(from) ?? new Map<string, number>();
    row.set(to, (row.get(to) ?? 0) + amount);
    table.set(from, row);
  };

  const augment = (at: string, sink: string, seen: Set<string>): boolean => {
    if (at === sink) return true;
    seen.add(at);
    for (const [to, capacity] of left.get(at) ?? []) {
      if (capacity === 0 || seen.has(to) || !augment(to, sink, seen)) continue;
      add(left, at, to, -1);
      add(left, to, at, 1);
      return true;
    }
    return false;
  };

  return {
    connect: (from, to, capacity) => {
      if (given.get(from)?.has(to) === true) return;
      add(left, from, to, capacity);
      add(left, to, from, 0);
      add(given, from, to, capacity);
    },
    run: (source, sink) => {
      let total = 0;
      while (augment(source, sink, new Set())) total++;
      return total;
    },
    between: (from, to) => (given.get(from)?.get(to) ?? 0) - (left.get(from)?.get(to) ?? 0),
  };
}

/** The same rules in a form that every peer can be given: who, where, which methods, which paths. */

export interface Rule {
  effect: "allow" | "deny";
  program: string;
  host: string;
  port: number;
  methods: string[];
  /** Plain, or plain with `/**` at its end: what all peers understand alike. */
  path: string;
}

export interface Asked {
  program: string;
  host: string;
  port: number;
  method: string;
  path: string;
}

export interface Shape {
  name: string;
  rules: (count: number) => Rule[];
}

const PORT = 443;
const programOf = (index: number): string => `/usr/bin/agent${index % 5}`;

const allow = (index: number, host: string, path: string): Rule => ({
  effect: "allow",
  program: programOf(index),
  host,
  port: PORT,
  methods: index % 3 === 0 ? ["GET", "HEAD", "POST"] : ["GET", "HEAD"],
  path,
});

const range = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

export const shapes: readonly Shape[] = [
  {
    name: "each rule its own host",
    rules: (count) => range(count).map((i) => allow(i, `host${i}.example.com`, `/api/v${i % 4}/**`)),
  },
  {
    name: "one host, a path for each rule",
    rules: (count) => range(count).map((i) => ({ ...allow(0, "api.example.com", `/repos/owner${i}/**`) })),
  },
  {
    name: "every second rule a deny",
    rules: (count) =>
      range(count).map((i) =>
        i % 2 === 0
          ? allow(i >> 1, `host${i >> 1}.example.com`, "/api/**")
          : { ...allow((i - 1) >> 1, `host${(i - 1) >> 1}.example.com`, "/api/admin/**"), effect: "deny" },
      ),
  },
];

/** Hits spread over all rules, and near misses: another path, method, program or host; in no order. */
export const requestsFor = (rules: readonly Rule[], count: number): Asked[] => shuffled(inTurn(rules, count));

/** Always the same shuffle, so that two runs measure the same. */
function shuffled<T>(items: T[]): T[] {
  let seed = 1;
  for (let last = items.length - 1; last > 0; last--) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    const other = seed % (last + 1);
    const [a, b] = [items[last], items[other]];
    if (a === undefined || b === undefined) continue;
    items[last] = b;
    items[other] = a;
  }
  return items;
}

function inTurn(rules: readonly Rule[], count: number): Asked[] {
  return range(count).map((i) => {
    // A stride that shares no factor with the usual counts visits rules all over the file.
    const rule = rules[(i * 7919) % rules.length];
    if (rule === undefined) throw new RangeError("There are no rules to ask for.");
    const { program, host, port } = rule;
    const path = rule.path.replace("/**", `/thing${i % 17}/part`);
    const method = i % 8 === 1 ? "DELETE" : (rule.methods[i % rule.methods.length] ?? "GET");
    if (i % 8 === 3) return { program, host, port, method, path: `/other${i}` };
    if (i % 8 === 5) return { program: "/usr/bin/stranger", host, port, method, path };
    if (i % 16 === 7) return { program, host: `x.${host}`, port, method, path };
    return { program, host, port, method, path };
  });
}

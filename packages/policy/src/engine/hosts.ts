/**
 * Which endpoints name a host. Plain names by a map, globs by one tree over all of them, endpoints without a host beside. Invariant: a
 * host that was asked for costs the same whatever the number of hosts in the file.
 */
import { GlobSet } from "../glob/set.ts";
import type { Caller } from "./binary.ts";
import { type CompiledEndpoint, compileHostGlob } from "./endpoint.ts";
import type { Group } from "./group.ts";
import { Programs } from "./programs.ts";

/** Endpoints of one host pattern and port, in the order of the file. */
export class Bucket {
  readonly endpoints: CompiledEndpoint[] = [];
  private programsMade: Programs | undefined;

  get programs(): Programs {
    this.programsMade ??= new Programs(this.endpoints);
    return this.programsMade;
  }

  /** The first entries, each with where its first endpoint stands. */
  firstKeys(max: number): { order: number; key: string }[] {
    const found = new Map<string, number>();
    for (const { order, entry } of this.endpoints) {
      if (found.size === max) break;
      if (!found.has(entry.key)) found.set(entry.key, order);
    }
    return [...found].map(([key, order]) => ({ order, key }));
  }
}

type ByPort = Map<number, Bucket>;

export class Hosts {
  private readonly exact = new Map<string, ByPort>();
  private readonly globs = new GlobSet<ByPort>({ separator: "." }, compileHostGlob);
  private readonly hostless: ByPort = new Map();

  /** In the order of the file. */
  add(endpoint: CompiledEndpoint): void {
    const ports = this.portsOf(endpoint.endpoint.host);
    for (const port of endpoint.endpoint.ports) {
      let bucket = ports.get(port);
      if (bucket === undefined) {
        bucket = new Bucket();
        ports.set(port, bucket);
      }
      bucket.endpoints.push(endpoint);
    }
  }

  private portsOf(host: string): ByPort {
    if (host === "") return this.hostless;
    const isGlob = host.includes("*");
    const known = isGlob ? this.globs.leafOf(host).items[0] : this.exact.get(host);
    if (known !== undefined) return known;
    const made: ByPort = new Map();
    if (isGlob) this.globs.add(host, made);
    else this.exact.set(host, made);
    return made;
  }

  bucketsFor(host: string, port: number): Bucket[] {
    const found: Bucket[] = [];
    const take = (bucket: Bucket | undefined) => {
      if (bucket !== undefined) found.push(bucket);
    };
    take(this.exact.get(host)?.get(port));
    if (this.hostless.size > 0) take(this.hostless.get(port));
    if (!this.globs.isEmpty) for (const { items } of this.globs.find([host])) take(items[0]?.get(port));
    return found;
  }

  /** Groups of endpoints whose host, port and programs the caller meets. */
  groupsFor(host: string, port: number, caller: Caller): Group[] {
    const buckets = this.bucketsFor(host, port);
    const [only] = buckets;
    if (only !== undefined && buckets.length === 1) return only.programs.find(caller);
    return buckets.flatMap((bucket) => bucket.programs.find(caller));
  }

  /** Some endpoint names this host by a glob or whatever the host, on whichever port. */
  namesWidely(host: string): boolean {
    return this.hostless.size > 0 || this.globs.find([host]).length > 0;
  }
}

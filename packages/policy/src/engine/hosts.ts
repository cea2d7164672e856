/**
 * Which endpoints name a host. Plain names by a map, globs by one tree over all of them, endpoints without a host beside. Invariant: a
 * host that was asked for costs the same whatever the number of hosts in the file.
 */
import { GlobSet } from "../glob/set.ts";
import type { Caller } from "./binary.ts";
import { type CompiledEndpoint, compileHostGlob } from "./endpoint.ts";
import { Group } from "./group.ts";
import type { ProgramList } from "./pool.ts";
import { Programs } from "./programs.ts";

/** Endpoints of one host pattern and port, in the order of the file. */
export class Bucket {
  readonly endpoints: CompiledEndpoint[] = [];
  readonly port: number;
  /** Buckets of the same host; most hosts have one. */
  private others: Map<number, Bucket> | null = null;
  private programsMade: Programs | undefined;
  /** Of the only entry, where it is one and names few programs; undefined: not looked at yet. */
  private onlyPrograms: ProgramList | null | undefined;
  private onlyGroup: readonly Group[] = NO_GROUPS;

  constructor(port: number) {
    this.port = port;
  }

  /** The bucket of this port and the same host. */
  at(port: number): Bucket | undefined {
    return port === this.port ? this : this.others?.get(port);
  }

  /** The same, made where it is missing. */
  madeAt(port: number): Bucket {
    const known = this.at(port);
    if (known !== undefined) return known;
    const made = new Bucket(port);
    this.others ??= new Map();
    this.others.set(port, made);
    return made;
  }

  /** The groups of endpoints whose programs the caller is. */
  groupsOf(caller: Caller): readonly Group[] {
    if (this.onlyPrograms === undefined) this.onlyPrograms = this.lookAtOnlyEntry();
    if (this.onlyPrograms === null) return this.programs.find(caller);
    return this.onlyPrograms.has(caller) ? this.onlyGroup : NO_GROUPS;
  }

  private lookAtOnlyEntry(): ProgramList | null {
    const [first] = this.endpoints;
    // Endpoints stand in the order of the file, so those of one entry stand together.
    if (first === undefined || this.endpoints.at(-1)?.entry !== first.entry) return null;
    const { programs } = first.entry;
    if (programs !== null) this.onlyGroup = [new Group(this.endpoints)];
    return programs;
  }

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

const NO_GROUPS: readonly Group[] = [];

export class Hosts {
  private readonly exact = new Map<string, Bucket>();
  private readonly globs = new GlobSet<Bucket>({ separator: "." }, compileHostGlob);
  private hostless: Bucket | null = null;

  /** In the order of the file. */
  add(endpoint: CompiledEndpoint): void {
    const { host, ports } = endpoint.endpoint;
    for (const port of ports) this.bucketOf(host, port).endpoints.push(endpoint);
  }

  private bucketOf(host: string, port: number): Bucket {
    if (host === "") {
      this.hostless ??= new Bucket(port);
      return this.hostless.madeAt(port);
    }
    const isGlob = host.includes("*");
    const known = isGlob ? this.globs.leafOf(host).items[0] : this.exact.get(host);
    if (known !== undefined) return known.madeAt(port);
    const made = new Bucket(port);
    if (isGlob) this.globs.add(host, made);
    else this.exact.set(host, made);
    return made;
  }

  bucketsFor(host: string, port: number): Bucket[] {
    const found: Bucket[] = [];
    const take = (bucket: Bucket | undefined) => {
      if (bucket !== undefined) found.push(bucket);
    };
    take(this.exact.get(host)?.at(port));
    take(this.hostless?.at(port));
    if (!this.globs.isEmpty) for (const { items } of this.globs.find([host])) take(items[0]?.at(port));
    return found;
  }

  /** Groups of endpoints whose host, port and programs the caller meets. */
  groupsFor(host: string, port: number, caller: Caller): readonly Group[] {
    if (this.hostless === null && this.globs.isEmpty)
      return this.exact.get(host)?.at(port)?.groupsOf(caller) ?? NO_GROUPS;
    const buckets = this.bucketsFor(host, port);
    const [only] = buckets;
    if (only !== undefined && buckets.length === 1) return only.groupsOf(caller);
    return buckets.flatMap((bucket) => bucket.groupsOf(caller));
  }

  /** Some endpoint names this host by a glob or whatever the host, on whichever port. */
  namesWidely(host: string): boolean {
    return this.hostless !== null || this.globs.find([host]).length > 0;
  }
}

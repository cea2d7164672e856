/** A seeded source of chance: the same seed gives the same run, so that what was found can be found again. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A 32-bit integer; a Weyl step followed by two rounds of multiply and shift. */
  next(): number {
    this.state = (this.state + 0x9e3779b9) >>> 0;
    let mixed = this.state;
    mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
    return (mixed ^ (mixed >>> 15)) >>> 0;
  }

  /** An integer from 0 to `count` - 1. */
  below(count: number): number {
    return count <= 1 ? 0 : this.next() % count;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(of: readonly T[]): T {
    const [first] = of;
    if (first === undefined) throw new RangeError("Nothing to pick from.");
    return of[this.below(of.length)] ?? first;
  }

  /** Some of the items, in their order, each with the chance given. */
  some<T>(of: readonly T[], percent: number): T[] {
    return of.filter(() => this.chance(percent));
  }
}

import type { Place } from "../types.ts";
import type { Problems } from "../yaml/problems.ts";

/** Where a value stands: a field by its key, an item of a list by its content. */
export interface Spot {
  offset: number;
  field: string;
  /** Must stay, so that removing it is no remedy. */
  required?: boolean;
}

/** Problems at spots, whose line and column are counted only then. */
export class Faults {
  readonly problems: Problems;
  private readonly place: (offset: number, field: string) => Place;

  constructor(problems: Problems, place: (offset: number, field: string) => Place) {
    this.problems = problems;
    this.place = place;
  }

  error(code: string, { offset, field }: Spot, message: string, remedy: string): undefined {
    this.problems.error(code, this.place(offset, field), message, remedy);
    return undefined;
  }
  has(field: string): boolean {
    return this.problems.has(field);
  }
  excuse(field: string): void {
    this.problems.excuse(field);
  }
  full(): boolean {
    return this.problems.full();
  }
}

import { PROBLEMS_MAX } from "../limits.ts";
import type { Place, PolicyProblem } from "../types.ts";

/** Collects everything that is wrong, so that an author sees all of it at once. */
export class Problems {
  readonly list: PolicyProblem[] = [];
  private errors = 0;
  private readonly fields = new Set<string>();

  error(code: string, place: Place, message: string, remedy: string): void {
    this.errors++;
    this.fields.add(place.field);
    this.push({ code, severity: "error", place, message, remedy });
  }
  warn(code: string, place: Place, message: string, remedy: string): void {
    this.push({ code, severity: "warning", place, message, remedy });
  }
  hasErrors(): boolean {
    return this.errors > 0;
  }
  /** So many that further ones are dropped; with errors among them, reading on changes nothing. */
  full(): boolean {
    return this.errors > 0 && this.list.length >= PROBLEMS_MAX;
  }
  /** Has this very field an error already? Then what follows from it need not be said. */
  has(field: string): boolean {
    return this.fields.has(field);
  }
  /** What is said of another place explains also why this field is missing. */
  excuse(field: string): void {
    this.fields.add(field);
  }
  /** In the order of the file. */
  sorted(): PolicyProblem[] {
    return [...this.list].sort((a, b) => a.place.line - b.place.line || a.place.column - b.place.column);
  }

  private push(problem: PolicyProblem): void {
    if (this.list.length < PROBLEMS_MAX) this.list.push(problem);
  }
}

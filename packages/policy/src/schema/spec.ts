/** Shapes of the policy file as data, so that reader, JSON Schema and documentation cannot drift apart. */

export type Spec =
  | { kind: "object"; fields: Readonly<Record<string, Field>> }
  | { kind: "map"; of: Spec; max: number }
  | { kind: "list"; of: Spec; max: number; min?: number }
  | { kind: "text"; max?: number; empty?: boolean }
  | { kind: "integer"; min: number; max: number }
  | { kind: "number"; min: number }
  | { kind: "boolean" }
  | { kind: "choice"; of: readonly (string | number)[] }
  | { kind: "any" }
  /** A text, `{any: [text]}`, or where `nested` a map of the same. */
  | { kind: "matcher"; nested: boolean }
  /** `sandbox`, or an id as text or number. */
  | { kind: "identity" };

export type ObjectSpec = Extract<Spec, { kind: "object" }>;

export interface Field {
  spec: Spec;
  required?: boolean;
  /** One sentence for the reference and for editors. */
  doc: string;
  /** What counts where the field is left out, as it would be written; absent: nothing does. */
  default?: string;
  /** Creel's own, beyond OpenShell's schema version 1. */
  own?: boolean;
  /** Fixed when a sandbox is created; everything else takes effect at the next reload. */
  fixed?: boolean;
}
type FieldMore = Pick<Field, "default" | "own" | "fixed">;

export const text = (max?: number): Spec => (max === undefined ? { kind: "text" } : { kind: "text", max });
export const maybeEmpty: Spec = { kind: "text", empty: true };
export const integer = (min: number, max: number): Spec => ({ kind: "integer", min, max });
export const boolean: Spec = { kind: "boolean" };
export const choice = (...of: (string | number)[]): Spec => ({ kind: "choice", of });
export const list = (of: Spec, max: number, min = 0): Spec => ({ kind: "list", of, max, min });
export const map = (of: Spec, max: number): Spec => ({ kind: "map", of, max });
export const object = (fields: Record<string, Field>): Spec => ({ kind: "object", fields });
export const matcher: Spec = { kind: "matcher", nested: false };
export const nestedMatcher: Spec = { kind: "matcher", nested: true };
export const field = (spec: Spec, doc: string, more: FieldMore = {}): Field => ({ spec, doc, ...more });
export const required = (spec: Spec, doc: string, more: FieldMore = {}): Field => ({
  spec,
  doc,
  required: true,
  ...more,
});

/** The policy file as JSON Schema (draft 2020-12), for editors. What needs more than a shape, such as host globs, only `lint` can say. */
import { STRING_CHARS_MAX } from "../limits.ts";
import { namedShapes, policyFile } from "./fields.ts";
import type { Field, Spec } from "./spec.ts";

export interface JsonSchema {
  [keyword: string]: unknown;
}

/** The greatest id there is: one below the kernel's "no id". */
const ID_MAX = 4_294_967_294;
const ANY_ITEMS_MAX = 1024;
const NESTED_KEYS_MAX = 256;

const names = new Map<Spec, string>(namedShapes.map(({ name, spec }) => [spec, name]));
const portOrPorts: JsonSchema[] = [
  { anyOf: [{ required: ["port"] }, { required: ["ports"] }] },
  { not: { required: ["port", "ports"] } },
];
/** What of the checks between fields a schema can say; each is also an error of `parsePolicy`. */
const relations: Readonly<Record<string, JsonSchema>> = {
  endpoint: {
    allOf: [
      ...portOrPorts,
      { anyOf: [{ required: ["host"] }, { required: ["allowed_ips"] }] },
      { not: { required: ["rules", "access"] } },
    ],
    dependentRequired: { credential_signing: ["signing_service"] },
  },
  limits: { anyOf: [{ required: ["requests"] }, { required: ["bytes"] }] },
  policy: {
    anyOf: [{ required: ["version"] }, { required: ["preset"] }],
    dependentRequired: { monitor_until: ["mode"] },
  },
};

/** The whole schema, self-contained. The same value each time, keys in the order of the reference. */
export function policyJsonSchema(): JsonSchema {
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "Creel policy",
    description: "OpenShell's policy schema version 1 and what Creel adds.",
    ...schemaOfObject(policyFile),
    ...relations.policy,
    $defs: {
      ...Object.fromEntries(
        namedShapes.map(({ name, title, spec }) => [
          name,
          { title, ...schemaOfObject(spec), ...(relations[name] ?? {}) },
        ]),
      ),
      matcher: { anyOf: [text(), anyOf()] },
      nestedMatcher: {
        anyOf: [
          text(),
          anyOf(),
          {
            type: "object",
            maxProperties: NESTED_KEYS_MAX,
            // A map with the one key `any` is a list of globs, never an argument of that name.
            not: { required: ["any"], maxProperties: 1 },
            additionalProperties: { $ref: "#/$defs/nestedMatcher" },
          },
        ],
      },
    },
  };
}

const text = (): JsonSchema => ({ type: "string", maxLength: STRING_CHARS_MAX });
const anyOf = (): JsonSchema => ({
  type: "object",
  properties: { any: { type: "array", items: text(), minItems: 1, maxItems: ANY_ITEMS_MAX } },
  required: ["any"],
  additionalProperties: false,
});

function schemaOf(spec: Spec): JsonSchema {
  const name = names.get(spec);
  if (name !== undefined) return { $ref: `#/$defs/${name}` };
  switch (spec.kind) {
    case "object":
      return schemaOfObject(spec);
    case "map":
      return { type: "object", maxProperties: spec.max, additionalProperties: schemaOf(spec.of) };
    case "list":
      return {
        type: "array",
        ...(spec.min === undefined || spec.min === 0 ? {} : { minItems: spec.min }),
        maxItems: spec.max,
        items: schemaOf(spec.of),
      };
    case "text":
      return {
        type: "string",
        ...(spec.empty === true ? {} : { minLength: 1 }),
        maxLength: spec.max ?? STRING_CHARS_MAX,
      };
    case "integer":
      return { type: "integer", minimum: spec.min, maximum: spec.max };
    case "number":
      return { type: "number", minimum: spec.min };
    case "boolean":
      return { type: "boolean" };
    case "choice":
      return { enum: [...spec.of] };
    case "matcher":
      return { $ref: spec.nested ? "#/$defs/nestedMatcher" : "#/$defs/matcher" };
    case "identity":
      return {
        anyOf: [
          { type: "string", pattern: "^(sandbox|[1-9][0-9]{0,9})?$" },
          { type: "integer", minimum: 1, maximum: ID_MAX },
        ],
      };
    case "any":
      return {};
  }
}

function schemaOfObject(spec: Spec): JsonSchema {
  if (spec.kind !== "object") return schemaOf(spec);
  const fields = Object.entries(spec.fields);
  const required = fields.filter(([, field]) => field.required === true).map(([key]) => key);
  return {
    type: "object",
    properties: Object.fromEntries(fields.map(([key, field]) => [key, schemaOfField(field)])),
    ...(required.length === 0 ? {} : { required }),
    additionalProperties: false,
  };
}

function schemaOfField(field: Field): JsonSchema {
  const { spec } = field;
  const schema = schemaOf(spec);
  // `key:` with nothing behind it is how people write "none"; the reader lets an optional map be left empty so.
  const mayBeEmpty = field.required !== true && (spec.kind === "map" || spec.kind === "object");
  return {
    description: description(field),
    ...(mayBeEmpty ? { anyOf: [schema, { type: "null" }] } : schema),
    ...literalDefault(field),
    ...(/^Deprecated/.test(field.doc) ? { deprecated: true } : {}),
  };
}

function description(field: Field): string {
  const spoken = field.default !== undefined && !("default" in literalDefault(field));
  return `${field.doc}${spoken ? ` Left out: ${field.default}.` : ""}${field.fixed === true ? " Fixed when the sandbox is created." : ""}`;
}

/** A default that is a value of the field; one that is words, such as "every path", goes into the description. */
function literalDefault({ spec, default: words }: Field): JsonSchema {
  if (words === undefined) return {};
  if (spec.kind === "boolean") return { default: words === "true" };
  if (spec.kind === "integer") return { default: Number(words) };
  return spec.kind === "choice" && spec.of.includes(words) ? { default: words } : {};
}

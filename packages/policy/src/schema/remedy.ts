/** What to write instead of a value of the wrong kind. */
import { isEmptyNode, type YamlNode, type YamlScalar } from "../yaml/node.ts";
import { flowOf, flowWord } from "../yaml/quote.ts";
import type { ObjectSpec, Spec } from "./spec.ts";

const SHOWN_CHARS_MAX = 80;

/** Undefined where nothing better is known than the kind. */
export function remedyFor(node: YamlNode | null, spec: Spec, field: string): string | undefined {
  if (node === null || isEmptyNode(node)) return undefined;
  if (spec.kind === "list") return asList(node, spec.of);
  if (spec.kind === "matcher" && node.kind === "list") return `Write \`{any: ${flowOf(node)}}\`.`;
  if (spec.kind === "map" && node.kind === "list")
    return "Write a map: a name with `:` for each, and what it holds beneath, without `-`.";
  if (node.kind === "list") return instead(node, spec, field);
  if (node.kind !== "scalar") return undefined;
  if (spec.kind === "object") return asObject(node, spec, field);
  return typeof node.value === "string" ? plain(node.value, spec, field) : quoteIt(node, spec);
}

const lastOf = (field: string): string => field.slice(field.lastIndexOf(".") + 1);

/** A list where one value stands. */
function instead(node: Extract<YamlNode, { kind: "list" }>, spec: Spec, field: string): string | undefined {
  const name = lastOf(field);
  if (name === "port") return `Write \`ports: ${flowOf(node)}\`.`;
  if (name === "method" || name === "path") return `Write one rule for each ${name}.`;
  return spec.kind === "text" ? "Write one value." : undefined;
}

function plain(value: string, spec: Spec, field: string): string | undefined {
  if (spec.kind === "integer" && /^(0|[1-9][0-9]{0,15})$/.test(value)) return `Drop the quotes: ${value}.`;
  if (spec.kind === "integer" && lastOf(field) === "port" && /^[0-9]+\s*[-,]\s*[0-9]+/.test(value))
    return "Write `ports:` with a list of every port; there are no ranges.";
  if (spec.kind === "boolean" && /^(true|false)$/i.test(value)) return `Drop the quotes: ${value.toLowerCase()}.`;
  if (spec.kind === "boolean" && /^(yes|on|no|off)$/i.test(value))
    return "Only true or false are read: write one of them.";
  return undefined;
}

/** Digits and words like `true` are no text until they are quoted. */
function quoteIt(node: YamlScalar, spec: Spec): string | undefined {
  if (spec.kind !== "text" || (typeof node.value !== "number" && typeof node.value !== "boolean")) return undefined;
  return `Put it in quotes: "${(node.source || String(node.value)).slice(0, SHOWN_CHARS_MAX)}".`;
}

function asList(node: YamlNode, of: Spec): string | undefined {
  if (node.kind === "map") {
    const [first] = node.pairs;
    if (of.kind !== "object" || first?.key == null) return "Write a list: each item after `- `.";
    const key = first.key.source.slice(0, SHOWN_CHARS_MAX);
    return Object.hasOwn(of.fields, key)
      ? `Write a list: \`- ${key}: ${flowOf(first.node)}\`.`
      : "Write a list: each item after `- `, without names before it.";
  }
  if (node.kind === "list") return undefined;
  const item = of.kind === "object" ? fieldsFor(node, of) : null;
  return item === null ? `Write a list: \`[${flowOf(node)}]\`.` : `Write a list: \`- ${item}\`.`;
}

function asObject(node: YamlScalar, spec: ObjectSpec, field: string): string | undefined {
  const item = fieldsFor(node, spec);
  return item === null ? undefined : `Write \`${field.endsWith("]") ? "- " : ""}${item}\`.`;
}

/** The field that a single word most likely stands for. */
function fieldsFor(node: YamlScalar, spec: ObjectSpec): string | null {
  if (typeof node.value !== "string") return null;
  const value = flowWord(node.value.slice(0, SHOWN_CHARS_MAX));
  const request = /^([A-Z]+) (\/\S*)$/.exec(node.value.slice(0, SHOWN_CHARS_MAX));
  if (request !== null) {
    const clause = `{ method: ${request[1]}, path: ${flowWord(request[2] ?? "/")} }`;
    if (Object.hasOwn(spec.fields, "allow")) return `allow: ${clause}`;
    if (Object.hasOwn(spec.fields, "method")) return clause;
  }
  if (Object.hasOwn(spec.fields, "host") && Object.hasOwn(spec.fields, "port")) return `{ host: ${value}, port: 443 }`;
  const first = Object.entries(spec.fields).find(([, known]) => known.required === true && known.spec.kind === "text");
  return first === undefined ? null : `${first[0]}: ${value}`;
}

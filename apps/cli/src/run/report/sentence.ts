import type { DecisionRecord } from "@creel/protocol";
import { type Paint, printable } from "../../io.ts";
import type { Refusal } from "./tally.ts";

/** Longer parts are cut in the middle of nothing: a hostile name or path must not take the screen. */
const PART_CHARS_MAX = 160;

/** Text from outside, as a bounded part of a line. */
export const part = (text: string): string =>
  printable(text.length > PART_CHARS_MAX ? `${text.slice(0, PART_CHARS_MAX - 1)}…` : text);

type Target = Pick<Refusal, "kind" | "host" | "port" | "method" | "path">;

/** `POST api.example.com:443/v1/x`, `db.example.com:5432`, `the name example.com`. */
export function targetOf({ kind, host, port, method, path }: Target): string {
  if (kind === "dns") return `the name ${part(host)}`;
  return `${method === null ? "" : `${part(method)} `}${part(host)}:${port}${part(path ?? "")}`;
}

/** `POST api.example.com:443/v1/x`, as it came. */
export const plainTarget = ({ host, port, method, path }: Pick<DecisionRecord, "host" | "port" | "method" | "path">) =>
  `${method === null ? "" : `${method} `}${host}:${port}${path ?? ""}`;

/** One denial as a sentence for whoever watches the command. */
export function describeDecision(record: DecisionRecord, paint: Paint = (_style, text) => text): string {
  const would = record.decision === "would_deny";
  const verb = paint(would ? "yellow" : "red", would ? "would be denied:" : "denied");
  const who = record.binary === null ? "" : ` for ${part(record.binary.path)}`;
  const rule = record.rule === null ? "" : ` [${part(record.rule)}]`;
  return `creel: ${verb} ${targetOf(record)}${who}: ${part(record.reason)}${rule}`;
}

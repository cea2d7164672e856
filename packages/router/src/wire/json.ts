import type { JsonObject } from "../types.ts";

/** Readers for bodies whose shape is the client's word: anything unexpected reads as empty, never as an exception. */
export const object = (value: unknown): JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** The text of a content field: a string, or parts of which those with a `text` count. */
export function contentText(value: unknown): string {
  if (typeof value === "string") return value;
  return list(value)
    .map((part) => text(object(part).text))
    .join("");
}

import type { LogChunk } from "@creel/core";

/** Terminal control sequences (ECMA-48 CSI and OSC) and lone control characters other than tab and line break. */
const CONTROL = new RegExp(
  [
    "\\u001b\\[[0-?]*[ -/]*[@-~]",
    "\\u001b\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)",
    "\\u001b[@-_]",
    "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f]",
  ].join("|"),
  "g",
);
/** Marks that reorder text could make a line read as something else than it is (CVE-2021-42574). */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/g;

export const plainText = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(CONTROL, "").replace(REORDERING, "\ufffd");

/** The pieces as one text; a fresh start of the agent and a loss are said where they happened. */
export const logText = (chunks: readonly LogChunk[]): string => {
  let incarnation: number | null = null;
  const parts: string[] = [];
  for (const chunk of chunks) {
    if (incarnation !== null && chunk.incarnation !== incarnation) parts.push("\n— started afresh —\n");
    incarnation = chunk.incarnation;
    if (chunk.dropped > 0) parts.push(`\n— ${chunk.dropped} bytes were not kept —\n`);
    parts.push(chunk.data);
  }
  return plainText(parts.join(""));
};

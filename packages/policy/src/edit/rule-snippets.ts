/** What a new rule looks like in a file. */
import { addressClass } from "../canonical/address.ts";
import { isIpLiteral } from "../canonical/host.ts";
import { scalarText } from "../print/scalar.ts";
import { literalGlob, type Wanted } from "./request.ts";
import type { Snippet } from "./splice.ts";

/** Ports where a connection is judged as HTTP when only the connection is asked for. */
const WEB_PORTS = [80, 443];

const ruleFlow = (wanted: Wanted): string =>
  `{ method: ${scalarText(wanted.method ?? "*")}, path: ${scalarText(literalGlob(wanted.path ?? "/**"))} }`;
export const ruleSnippet = (wanted: Wanted): Snippet => ({
  block: [`allow: ${ruleFlow(wanted)}`],
  flow: `{ allow: ${ruleFlow(wanted)} }`,
});

function endpointFields(wanted: Wanted): { lines: string[]; flow: string[] } {
  const lines = [`host: ${scalarText(wanted.host)}`, `port: ${wanted.port}`];
  if (isIpLiteral(wanted.host) && addressClass(wanted.host) !== "public")
    lines.push(`allowed_ips: [${scalarText(wanted.host)}]`);
  if (wanted.method === null) {
    // Least first: reading is enough to see what is asked for next.
    if (WEB_PORTS.includes(wanted.port)) lines.push("protocol: rest", "access: read-only");
    return { lines, flow: lines };
  }
  lines.push("protocol: rest");
  if (wanted.encodedSlash) lines.push("allow_encoded_slash: true");
  const rule = ruleSnippet(wanted);
  return {
    lines: [...lines, "rules:", ...rule.block.map((line) => `  - ${line}`)],
    flow: [...lines, `rules: [${rule.flow}]`],
  };
}

export function endpointSnippet(wanted: Wanted): Snippet {
  const { lines, flow } = endpointFields(wanted);
  return { block: lines, flow: `{ ${flow.join(", ")} }` };
}

export function entrySnippet(wanted: Wanted): Snippet {
  const endpoint = endpointSnippet(wanted);
  const binary = `path: ${scalarText(literalGlob(wanted.binary))}`;
  return {
    block: [
      "endpoints:",
      ...endpoint.block.map((line, i) => (i === 0 ? `  - ${line}` : `    ${line}`)),
      "binaries:",
      `  - ${binary}`,
    ],
    flow: `{ endpoints: [${endpoint.flow}], binaries: [{ ${binary} }] }`,
  };
}

import type { HostCapabilities } from "@creel/protocol";
import { canConfine, type HostEnvironment, inspectHost } from "@creel/sandbox";
import { inheritedEnv } from "../env.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, type Paint, page, painter, printable } from "../io.ts";

export { canConfine };

const MARKS = { enforced: ["green", "✓"], weaker: ["yellow", "~"], missing: ["red", "✗"] } as const;

/** The report for people; `creel up` shows the same words when a layer it needs is missing. */
export function describeHost(host: HostCapabilities, paint: Paint): string {
  const width = Math.max(...host.layers.map((layer) => layer.title.length));
  const rows = host.layers.map((layer) => {
    const [style, mark] = MARKS[layer.state];
    const remedy = layer.remedy === null ? "" : `\n    ${paint("dim", "→")} ${printable(layer.remedy)}`;
    return `${paint(style, mark)} ${layer.title.padEnd(width)}  ${layer.state.padEnd(8)}  ${printable(layer.detail)}${remedy}`;
  });
  return `Linux ${printable(host.kernel)} ${host.arch}, Landlock ABI ${host.landlockAbi}\n${rows.join("\n")}\n`;
}

const place = ({ title, signs }: HostEnvironment): string =>
  `Runs on ${printable(title)}${signs.length === 0 ? "" : ` (${printable(signs.join(", "))})`}.`;

/** Probes this host by trying, not by reading version numbers. Exit code 1 when no sandbox can start here. */
export async function doctor(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const host = await inspectHost(inheritedEnv());
  const { ok } = host;
  if (options.json) {
    io.out(jsonLine(host));
    return ok ? EXIT.done : EXIT.failed;
  }
  const paint = painter(io.colour);
  io.out(page(describeHost(host, paint)));
  io.out(line(place(host.environment)));
  io.out(line(verdict(host)));
  return ok ? EXIT.done : EXIT.failed;
}

function verdict({ layers, ok }: { layers: HostCapabilities["layers"]; ok: boolean }): string {
  if (!ok) return "Sandboxes cannot start here until the missing layers above are put right.";
  const below = layers.filter((layer) => layer.state !== "enforced").length;
  if (below === 0) return "Every layer is enforced.";
  const hard = layers.some((layer) => layer.id === "landlock" && layer.state === "missing");
  const refused = hard ? " A policy that demands Landlock (hard_requirement) is refused." : "";
  return `Sandboxes can run; layers that are weaker or missing here: ${below}.${refused}`;
}

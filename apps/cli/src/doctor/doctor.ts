import type { HostCapabilities } from "@creel/protocol";
import { probeHost } from "@creel/sandbox";
import { EXIT, type ExitCode } from "../exit.ts";
import { type Io, jsonLine, line, type Paint, page, painter, printable } from "../io.ts";

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

export const canConfine = (host: HostCapabilities): boolean => host.layers.every((layer) => layer.state !== "missing");

/** Probes this host by trying, not by reading version numbers. Exit code 1 when a layer is missing. */
export async function doctor(options: { json: boolean }, io: Io): Promise<ExitCode> {
  const host = await probeHost();
  const ok = canConfine(host);
  if (options.json) {
    io.out(jsonLine({ ...host, ok }));
    return ok ? EXIT.done : EXIT.failed;
  }
  const paint = painter(io.colour);
  io.out(page(describeHost(host, paint)));
  const weaker = host.layers.filter((layer) => layer.state === "weaker").length;
  const verdict = weaker === 0 ? "Every layer is enforced." : `Sandboxes can run; weaker layers here: ${weaker}.`;
  io.out(line(ok ? verdict : "Sandboxes cannot run here until the missing layers above are put right."));
  return ok ? EXIT.done : EXIT.failed;
}

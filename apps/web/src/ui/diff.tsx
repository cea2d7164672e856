import clsx from "clsx";

export interface DiffRow {
  kind: "same" | "added" | "removed";
  text: string;
  oldLine?: number | undefined;
  newLine?: number | undefined;
}

/** Unchanged lines kept around each change; more would push the change itself off a phone's screen. */
const CONTEXT_LINES = 3;

const marks = { same: " ", added: "+", removed: "-" } as const;
const spoken = { same: "", added: "added: ", removed: "removed: " } as const;

type Shown = DiffRow & { key: string };

const visible = (lines: readonly DiffRow[]): (Shown | number)[] => {
  const near = (at: number) =>
    lines.slice(Math.max(0, at - CONTEXT_LINES), at + CONTEXT_LINES + 1).some((line) => line.kind !== "same");
  const out: (Shown | number)[] = [];
  lines.forEach((line, at) => {
    if (near(at)) out.push({ ...line, key: `${at}` });
    else if (typeof out.at(-1) === "number") out[out.length - 1] = Number(out.at(-1)) + 1;
    else out.push(1);
  });
  return out;
};

/** Changed lines with their neighbourhood. Marks and words carry the meaning; the colour only helps. */
export const Diff = ({ lines, label }: { lines: readonly DiffRow[]; label: string }) => {
  const shown = visible(lines);
  if (!lines.some((line) => line.kind !== "same")) return <p className="text-muted">Nothing changes.</p>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
    <section aria-label={label} tabIndex={0} className="max-h-[45dvh] overflow-auto rounded border border-line">
      <table className="w-full border-collapse font-mono text-[0.93rem]">
        <tbody>
          {shown.map((line, at) =>
            typeof line === "number" ? (
              // biome-ignore lint/suspicious/noArrayIndexKey: a gap has no identity but its place.
              <tr key={`gap${at}`} className="bg-sunken text-muted">
                <td colSpan={3} className="px-3 py-0.5">
                  {line} unchanged {line === 1 ? "line" : "lines"}
                </td>
              </tr>
            ) : (
              <tr
                key={line.key}
                className={clsx(line.kind === "added" && "bg-allow-soft", line.kind === "removed" && "bg-deny-soft")}
              >
                <td className="w-10 px-2 text-right text-muted select-none">{line.newLine ?? line.oldLine ?? ""}</td>
                <td
                  aria-hidden
                  className={clsx(
                    "w-4 font-bold select-none",
                    line.kind === "added" && "text-allow",
                    line.kind === "removed" && "text-deny",
                  )}
                >
                  {marks[line.kind]}
                </td>
                <td className="pr-3 whitespace-pre">
                  <span className="sr-only">{spoken[line.kind]}</span>
                  {line.text}
                </td>
              </tr>
            ),
          )}
        </tbody>
      </table>
    </section>
  );
};

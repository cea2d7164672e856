/** Lines of a difference, for people. */
export interface DiffLine {
  kind: "same" | "added" | "removed";
  text: string;
  oldLine?: number;
  newLine?: number;
}

/** Past this many cells the middle is shown as wholly replaced: a page that hangs helps nobody. */
const CELLS_MAX = 4_000_000;

/** Line diff by longest common subsequence; a removed line stands before the added one that replaces it. Line numbers count from 1. */
export function diffLines(before: string, after: string): DiffLine[] {
  const a = splitLines(before);
  const b = splitLines(after);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const lines: DiffLine[] = [];
  const same = (i: number, j: number) => lines.push({ kind: "same", text: a[i] ?? "", oldLine: i + 1, newLine: j + 1 });
  for (let i = 0; i < head; i++) same(i, i);
  diffMiddle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), head, lines);
  for (let i = tail; i > 0; i--) same(a.length - i, b.length - i);
  return lines;
}

const splitLines = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));

function diffMiddle(a: readonly string[], b: readonly string[], offset: number, lines: DiffLine[]): void {
  const removed = (i: number) => lines.push({ kind: "removed", text: a[i] ?? "", oldLine: offset + i + 1 });
  const added = (j: number) => lines.push({ kind: "added", text: b[j] ?? "", newLine: offset + j + 1 });
  if (a.length * b.length > CELLS_MAX) {
    for (let i = 0; i < a.length; i++) removed(i);
    for (let j = 0; j < b.length; j++) added(j);
    return;
  }
  const width = b.length + 1;
  const common = new Uint32Array((a.length + 1) * width);
  const cell = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i * width + j] = a[i] === b[j] ? cell(i + 1, j + 1) + 1 : Math.max(cell(i + 1, j), cell(i, j + 1));
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      lines.push({ kind: "same", text: a[i] ?? "", oldLine: offset + i + 1, newLine: offset + j + 1 });
      i++;
      j++;
    } else if (i < a.length && (j >= b.length || cell(i + 1, j) >= cell(i, j + 1))) removed(i++);
    else added(j++);
  }
}

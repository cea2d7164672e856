/**
 * From a table of changed cells to products of sets. Values of a dimension that lead to the same rest are joined, from the outermost
 * dimension inwards, so the boxes are disjoint and together exactly the cells.
 */
export interface Box {
  /** For each dimension the values in the box. */
  values: readonly (readonly number[])[];
}

/** `sizes`: values of each dimension, outermost first; `isIn` is asked by the place of the cell in the table. */
export function boxesOf(sizes: readonly number[], isIn: (cell: number) => boolean): Box[] {
  const nodes: { groups: { values: number[]; child: number }[] }[] = [];
  const ids = new Map<string, number>();
  const EMPTY = -1;
  const FULL = -2;
  const strides = sizes.map((_, depth) => sizes.slice(depth + 1).reduce((product, size) => product * size, 1));

  const build = (depth: number, offset: number): number => {
    if (depth === sizes.length) return isIn(offset) ? FULL : EMPTY;
    const byChild = new Map<number, number[]>();
    for (let value = 0; value < (sizes[depth] ?? 0); value++) {
      const child = build(depth + 1, offset + value * (strides[depth] ?? 1));
      if (child === EMPTY) continue;
      const values = byChild.get(child);
      if (values === undefined) byChild.set(child, [value]);
      else values.push(value);
    }
    if (byChild.size === 0) return EMPTY;
    const groups = [...byChild].map(([child, values]) => ({ values, child }));
    const key = `${depth}:${groups.map(({ values, child }) => `${values.join()}>${child}`).join(";")}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    ids.set(key, nodes.length);
    return nodes.push({ groups }) - 1;
  };

  const boxes: Box[] = [];
  const walk = (node: number, prefix: readonly (readonly number[])[]): void => {
    if (node === FULL) boxes.push({ values: prefix });
    else for (const { values, child } of nodes[node]?.groups ?? []) walk(child, [...prefix, values]);
  };
  const root = build(0, 0);
  if (root !== EMPTY) walk(root, []);
  return boxes;
}

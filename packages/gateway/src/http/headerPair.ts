/** A header as it was read: the name in its own letters, the value one character a byte. */
export type HeaderPair = [name: string, value: string];

export const valuesOf = (pairs: readonly HeaderPair[], name: string): string[] => {
  const values: string[] = [];
  for (const [key, value] of pairs) if (key.length === name.length && key.toLowerCase() === name) values.push(value);
  return values;
};

/** Node's flat list of names and values, in pairs. */
export function toPairs(raw: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let index = 0; index + 1 < raw.length; index += 2) pairs.push([raw[index] ?? "", raw[index + 1] ?? ""]);
  return pairs;
}

import { usageError } from "../exit.ts";

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const SHAPE = /^([1-9][0-9]{0,6})([smhd])$/;

/** `90s`, `30m`, `1h`, `1d` in seconds. */
export function lasting(text: string): number {
  const [, count, unit] = SHAPE.exec(text) ?? [];
  const size = Object.entries(UNITS).find(([name]) => name === unit)?.[1];
  if (count === undefined || size === undefined)
    throw usageError(`"${text}" is no length of time`, "Write 30m, 1h or 1d; a week at most.", "--for");
  return Number(count) * size;
}

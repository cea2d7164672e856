import { readdirSync } from "node:fs";
import { join } from "node:path";

/** One file of a boot's journal: `<boot>.<index>.jsonl`. */
export interface Segment {
  boot: string;
  index: number;
  file: string;
}

const SEGMENT_NAME = /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})\.([0-9]{1,9})\.jsonl$/;

export const segmentFile = (dir: string, boot: string, index: number): string => join(dir, `${boot}.${index}.jsonl`);

/** Segments by boot, each boot's in order of writing. Other files in the folder are none of ours. */
export function listSegments(dir: string): Map<string, Segment[]> {
  const byBoot = new Map<string, Segment[]>();
  for (const name of readdirSync(dir)) {
    const match = SEGMENT_NAME.exec(name);
    const boot = match?.[1];
    if (boot === undefined) continue;
    const list = byBoot.get(boot) ?? [];
    list.push({ boot, index: Number(match?.[2]), file: join(dir, name) });
    byBoot.set(boot, list);
  }
  for (const list of byBoot.values()) list.sort((a, b) => a.index - b.index);
  return byBoot;
}

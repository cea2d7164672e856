import type { Random } from "../../../policy/fuzz/random.ts";
import { block, FLAG, frame, settings, TYPE } from "../../test/support/frames.ts";
import { bomb } from "./hpack.ts";

/** Frames that cost their sender nothing, as many as bring a connection to its bounds. */
export function flood(random: Random, host: string, stream: number): Buffer[] {
  const head = (method: string): Buffer =>
    block([
      [":method", method],
      [":scheme", "https"],
      [":authority", host],
      [":path", "/v1/flood"],
    ]);
  const open = (index: number): Buffer =>
    frame(TYPE.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream + index * 2, head("GET"));
  const times = (count: number, make: (index: number) => Buffer): Buffer[] =>
    Array.from({ length: count }, (_, index) => make(index));
  return random.pick([
    // Rapid reset.
    () =>
      times(300, (index) =>
        Buffer.concat([open(index), frame(TYPE.RST_STREAM, 0, stream + index * 2, Buffer.from([0, 0, 0, 8]))]),
      ),
    () => times(130, open),
    () => times(2500, () => frame(TYPE.PING, 0, 0, Buffer.alloc(8))),
    () => times(2500, () => settings([3, 100])),
    () => [
      frame(TYPE.HEADERS, FLAG.END_HEADERS, stream, head("POST")),
      ...times(2000, () => frame(TYPE.DATA, 0, stream)),
    ],
    () => [
      frame(TYPE.HEADERS, 0, stream, head("GET")),
      ...times(60, () => frame(TYPE.CONTINUATION, 0, stream, block([["x-a", "b".repeat(16_000)]]))),
    ],
    () => [frame(TYPE.HEADERS, 0, stream, head("GET")), ...times(2000, () => frame(TYPE.CONTINUATION, 0, stream))],
    () => [frame(TYPE.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, stream, Buffer.concat([head("GET"), bomb(12_000)]))],
    () => times(2000, () => frame(TYPE.WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 0, 1]))),
    () => times(2000, (index) => frame(TYPE.PRIORITY, 0, stream + index * 2, Buffer.from([0, 0, 0, 0, 16]))),
    // Answers that nobody takes: no window for any of them.
    () => [settings([4, 0]), ...times(60, open)],
  ])();
}

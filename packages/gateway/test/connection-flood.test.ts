import { connect, type Socket } from "node:net";
import { afterEach, expect, it, vi } from "vitest";
import {
  OVERFLOW_REFUSALS_WAITING_MAX,
  PENDING_HANDSHAKES_MAX,
  REFUSALS_PER_SECOND_MAX,
  REFUSALS_WAITING_MAX,
} from "../src/limits.ts";
import { createWorld } from "./support/world.ts";

const POLICY = `version: 1
network_policies: {}
`;
const [ROUNDS, PER_ROUND] = [60, 50];
/** The faked clock begins at nought, where a sandbox would seem to have no quiet second behind it. */
const LONG_AGO_MS = 60_000;

afterEach(() => void vi.useRealTimers());

/** A program that connects and goes away, thousands of times, to what is denied: a line each would outlive its sandbox by hours. */
it("a flood of refused connections is bounded in what waits, and does not hold up the sandbox's end", async () => {
  const world = await createWorld({ yaml: POLICY });
  const door = await world.door("203.0.113.9", 80);
  // The second in which the flood comes never ends, however slow the machine: no line that waits is ever written for its turn.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  vi.advanceTimersByTime(LONG_AGO_MS);
  for (let round = 0; round < ROUNDS; round += 1) {
    const sockets = Array.from({ length: PER_ROUND }, () => connect(door, "127.0.0.1"));
    const over = (socket: Socket) =>
      new Promise<void>((resolve) => {
        for (const event of ["connect", "error", "close"]) socket.once(event, () => resolve());
      });
    await Promise.all(sockets.map(over));
    for (const socket of sockets) socket.on("error", () => {}).destroy();
  }
  expect(world.records).toHaveLength(REFUSALS_PER_SECOND_MAX);
  // It comes to its end without any time passing, so nothing of it waits for a turn.
  await world.close();
  // What was taken has its line; the flood's further connections were cut and say nothing new.
  const taken = REFUSALS_PER_SECOND_MAX + REFUSALS_WAITING_MAX + OVERFLOW_REFUSALS_WAITING_MAX;
  expect(world.records.length).toBeGreaterThan(REFUSALS_PER_SECOND_MAX);
  // Who was asked for while the last place was taken gets one as well.
  expect(world.records.length).toBeLessThanOrEqual(taken + PENDING_HANDSHAKES_MAX);
});

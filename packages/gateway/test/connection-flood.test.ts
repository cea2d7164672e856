import { connect, type Socket } from "node:net";
import { expect, it } from "vitest";
import { createWorld } from "./support/world.ts";

const POLICY = `version: 1
network_policies: {}
`;

/** A program that connects and goes away, thousands of times, to what is denied: a line each would outlive its sandbox by hours. */
it("a flood of refused connections is bounded in what waits, and does not hold up the sandbox's end", async () => {
  const world = await createWorld({ yaml: POLICY });
  const door = await world.door("203.0.113.9", 80);
  for (let round = 0; round < 60; round += 1) {
    const sockets = Array.from({ length: 50 }, () => connect(door, "127.0.0.1"));
    const over = (socket: Socket) =>
      new Promise<void>((resolve) => {
        for (const event of ["connect", "error", "close"]) socket.once(event, () => resolve());
      });
    await Promise.all(sockets.map(over));
    for (const socket of sockets) socket.on("error", () => {}).destroy();
  }
  const started = performance.now();
  await world.close();
  expect(performance.now() - started).toBeLessThan(3000);
  // What was taken has its line; the flood's further connections were cut and say nothing new.
  expect(world.records.length).toBeGreaterThan(100);
  expect(world.records.length).toBeLessThan(2500);
}, 30_000);

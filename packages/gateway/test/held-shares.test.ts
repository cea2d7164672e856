import { afterEach, expect, it } from "vitest";
import { type HeldBody, heldBytes, holdBody } from "../src/http/heldBodies.ts";
import { HELD_BODY_BYTES_ALWAYS, HELD_BODY_BYTES_MAX, HELD_BODY_BYTES_PER_SANDBOX_MAX } from "../src/limits.ts";

/** Threat: one prompt injection owns dozens of sandboxes of a host, and all of them hold bodies until a neighbour can ask nothing. */
let bodies: HeldBody[] = [];
afterEach(() => {
  for (const body of bodies) body.giveBack();
  bodies = [];
  expect(heldBytes()).toBe(0);
});

const bodyOf = (id: string): HeldBody => {
  const body = holdBody({ id });
  bodies.push(body);
  return body;
};

/** Holds as much as it is given, to the byte; how much that is. */
function grab(id: string): number {
  const body = bodyOf(id);
  let held = 0;
  for (let step = HELD_BODY_BYTES_MAX; step >= 1; step /= 2) if (body.resize(held + step)) held += step;
  return held;
}

it("one sandbox leaves every other all that it may have", () => {
  expect(grab("greedy")).toBe(HELD_BODY_BYTES_PER_SANDBOX_MAX);
  expect(bodyOf("neighbour").resize(HELD_BODY_BYTES_PER_SANDBOX_MAX)).toBe(true);
});

it("a hundred sandboxes that hold all they can leave a neighbour its share, and not a byte more than that is always given", () => {
  const taken = Array.from({ length: 100 }, (_, at) => grab(`greedy-${at}`));
  expect(Math.min(...taken)).toBe(HELD_BODY_BYTES_ALWAYS);
  const neighbour = bodyOf("neighbour");
  expect(neighbour.resize(HELD_BODY_BYTES_ALWAYS)).toBe(true);
  expect(neighbour.resize(HELD_BODY_BYTES_ALWAYS + 1)).toBe(false);
  expect(heldBytes()).toBeLessThanOrEqual(HELD_BODY_BYTES_MAX + 101 * HELD_BODY_BYTES_ALWAYS);
});

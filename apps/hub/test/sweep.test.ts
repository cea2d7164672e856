import { expect, test } from "vitest";
import { byThemselves } from "../src/sweep.ts";

test("a part of the sweep that throws holds up no other, and is told once all had their turn", async () => {
  const done: string[] = [];
  const part = (name: string, fault?: Error) => async () => {
    if (fault !== undefined) throw fault;
    done.push(name);
  };
  const faults = [new Error("plans"), new Error("secrets")];
  const swept = byThemselves([part("plans", faults[0]), part("changes"), part("secrets", faults[1]), part("notices")]);
  await expect(swept).rejects.toMatchObject({ errors: faults });
  expect(done).toEqual(["changes", "notices"]);
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { lockState } from "../src/agent-lock.ts";

test("a second node agent of a directory is told which process is the first; a reused number is no owner", () => {
  const folder = mkdtempSync(join(tmpdir(), "creel-agent-lock-"));
  try {
    const path = join(folder, "agent.pid");
    writeFileSync(path, JSON.stringify({ pid: process.pid, startTicks: "1" }));
    const unlock = lockState(path);
    expect(() => lockState(path)).toThrow(`Process ${process.pid} is already the node agent of this directory`);
    unlock();
    lockState(path)();
  } finally {
    rmSync(folder, { recursive: true });
  }
});

import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { journalSeq } from "@creel/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createJournal, createJournalReader, type DecisionDraft, readJournal } from "../src/index.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "creel-journal-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const draft = (path: string): DecisionDraft => ({
  time: new Date(0).toISOString(),
  org: "acme",
  node: "n",
  sandbox: "s",
  kind: "http",
  binary: null,
  host: "a.example",
  port: 443,
  protocol: "https",
  method: "GET",
  path,
  decision: "allow",
  rule: "r",
  reason: "because",
  policyDigest: "sha256:x",
  generation: 1,
});

describe("the journal", () => {
  it("numbers densely from 1 and keeps the order, flow ends included", async () => {
    const journal = createJournal({ dir });
    const seqs = await Promise.all(Array.from({ length: 50 }, (_, i) => journal.append(draft(`/${i}`))));
    expect(seqs).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
    journal.end(1, { bytesIn: 5, bytesOut: 6, durationMs: 7.4 });
    await journal.close();
    const entries = readJournal(dir);
    expect(entries.map(journalSeq)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
    expect(entries.at(-1)).toMatchObject({
      type: "flow_end",
      flow: { ref: 1, bytesIn: 5, bytesOut: 6, durationMs: 7 },
    });
  });

  it("has written a decision when append resolves", async () => {
    const journal = createJournal({ dir });
    await journal.append(draft("/now"));
    expect(readJournal(dir)).toHaveLength(1);
    await journal.close();
  });

  it("clips over-long texts to what the protocol accepts", async () => {
    const journal = createJournal({ dir });
    await journal.append(draft(`/${"x".repeat(9000)}`));
    await journal.close();
    expect(readJournal(dir)).toHaveLength(1);
  });

  it("refuses everything while the disk is full, and leaves neither torn lines nor gaps", async () => {
    let full = false;
    const health: (string | null)[] = [];
    const { writeSync } = await import("node:fs");
    const journal = createJournal({
      dir,
      onHealth: (problem) => void health.push(problem),
      write: (fd, bytes, offset) => {
        if (!full) return writeSync(fd, bytes, offset);
        writeSync(fd, bytes, offset, 10);
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      },
    });
    await journal.append(draft("/1"));
    full = true;
    await expect(journal.append(draft("/2"))).rejects.toThrow(/ENOSPC/);
    full = false;
    expect(await journal.append(draft("/3"))).toBe(2);
    await journal.close();
    expect(readJournal(dir).map(journalSeq)).toEqual([1, 2]);
    expect(health).toEqual([expect.stringContaining("denied"), null]);
  });

  it("rotates, resumes after acknowledgements, and deletes what is acknowledged of dead boots", async () => {
    const dead = createJournal({ dir, boot: randomUUID(), segmentBytesMax: 1500 });
    for (let i = 0; i < 20; i += 1) await dead.append(draft(`/${i}`));
    await dead.close();
    expect(readdirSync(dir).length).toBeGreaterThan(3);
    const [name] = readdirSync(dir).filter((file) => file.endsWith(".0.jsonl"));
    expect(name).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 15));
    const live = createJournal({ dir });
    await live.append(draft("/live"));
    const reader = createJournalReader({ dir, acks: {}, liveBoot: () => live.boot });
    const first = reader.read(7);
    expect(first.map(journalSeq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    reader.rewind();
    const acks = reader.ack(first);
    expect(acks[dead.boot]).toBe(7);
    const rest = reader.read(100);
    expect(rest.map(journalSeq)).toEqual([...Array.from({ length: 13 }, (_, i) => i + 8), 1]);
    reader.ack(rest);
    expect(readdirSync(dir)).toEqual([`${live.boot}.0.jsonl`]);
    await live.append(draft("/more"));
    expect(reader.read(10).map(journalSeq)).toEqual([2]);
    await live.close();
  });

  it("reads past the torn last line of a boot that died", async () => {
    const journal = createJournal({ dir });
    await journal.append(draft("/whole"));
    await journal.close();
    const [file] = readdirSync(dir);
    appendFileSync(join(dir, file ?? ""), '{"type":"decision","boot":');
    expect(readJournal(dir)).toHaveLength(1);
  });
});

describe("a gateway that is killed", () => {
  it("has written down every request that reached the upstream", async () => {
    const script = fileURLToPath(new URL("./support/killed-gateway.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", script, dir], { stdio: ["ignore", "pipe", "inherit"] });
    const reached: string[] = [];
    let text = "";
    child.stdout.on("data", (chunk: Buffer) => {
      text += chunk.toString("utf8");
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      reached.push(...lines.filter((line) => line.startsWith("/v1/")));
      if (reached.length > 60) child.kill("SIGKILL");
    });
    await once(child, "close");
    const journalled = new Set(
      readJournal(dir).flatMap((entry) => (entry.type === "decision" ? [entry.record.path] : [])),
    );
    expect(reached.length).toBeGreaterThan(60);
    expect(reached.filter((path) => !journalled.has(path))).toEqual([]);
  });
});

import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeMessage } from "@creel/protocol";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { LOG_BACKLOG_BYTES_MAX } from "../src/limits.ts";
import { createLogTail, wholeCharacters } from "../src/log-tail.ts";

type Log = Extract<NodeMessage, { type: "log" }>;
const id = "6b1f0f5e-3f6a-4a38-9a57-0f3f2f1d9a10";
let dir: string;
let path: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "creel-log-"));
  path = join(dir, "log");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function tail(accept: () => boolean = () => true) {
  const sent: Log[] = [];
  const logs = createLogTail({
    send: (message) => {
      if (message.type !== "log" || !accept()) return false;
      sent.push(message);
      return true;
    },
  });
  logs.watch({ id, path, incarnation: 1 });
  return { logs, sent, text: () => sent.map((piece) => piece.data).join("") };
}

describe("the log lane", () => {
  it("sends what is appended, in order, with the byte offset of each piece", async () => {
    const { logs, sent, text } = tail();
    await logs.tick();
    writeFileSync(path, "grüße\n");
    await logs.tick();
    appendFileSync(path, "and on\n");
    await logs.tick();
    await logs.close();
    expect(text()).toBe("grüße\nand on\n");
    expect(sent.map((piece) => piece.offset)).toEqual([0, Buffer.byteLength("grüße\n")]);
    expect(sent.every((piece) => piece.dropped === 0)).toBe(true);
  });
  it("keeps what a full connection refused and sends it later", async () => {
    let open = false;
    const { logs, text } = tail(() => open);
    writeFileSync(path, "kept\n");
    await logs.tick();
    open = true;
    await logs.tick();
    await logs.close();
    expect(text()).toBe("kept\n");
  });
  it("skips a flood and counts what it skipped", async () => {
    const { logs, sent } = tail();
    writeFileSync(path, Buffer.alloc(LOG_BACKLOG_BYTES_MAX + 5000, "x"));
    await logs.tick();
    await logs.close();
    expect(sent[0]).toMatchObject({ offset: 5000, dropped: 5000 });
    expect(sent.slice(1).every((piece) => piece.dropped === 0)).toBe(true);
  });
  it("follows the shim's turning over of pieces without losing or doubling a byte", async () => {
    const { logs, text } = tail();
    writeFileSync(path, "first piece\n");
    writeFileSync(`${path}.offset`, "0");
    await logs.tick();
    appendFileSync(path, "its end\n");
    renameSync(path, `${path}.1`);
    writeFileSync(`${path}.offset`, String("first piece\nits end\n".length));
    await logs.tick();
    writeFileSync(path, "second piece\n");
    await logs.tick();
    await logs.close();
    expect(text()).toBe("first piece\nits end\nsecond piece\n");
  });
  it("goes on after a restart where it had been", async () => {
    writeFileSync(path, "once\n");
    const first = tail();
    await first.logs.tick();
    await first.logs.close();
    appendFileSync(path, "and again\n");
    const second = tail();
    await second.logs.tick();
    await second.logs.close();
    expect(second.text()).toBe("and again\n");
    expect(second.sent[0]?.offset).toBe(5);
  });
  it("never cuts a character in two, and never waits for one that will not come", () => {
    const euro = Buffer.from("a€");
    expect(wholeCharacters(euro.subarray(0, 3), false).toString()).toBe("a");
    expect(wholeCharacters(euro, false).toString()).toBe("a€");
    expect(wholeCharacters(euro.subarray(1, 2), true)).toHaveLength(1);
    expect(wholeCharacters(Buffer.from([0x80, 0x80, 0x80, 0x80]), false)).toHaveLength(4);
  });
});

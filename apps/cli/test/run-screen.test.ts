import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createScreen } from "../src/run/screen.ts";
import { throughTerminal } from "../src/run/terminal.ts";

const LINE = "creel: denied example.com:443";
/** A program's output and what the terminal got of it. */
function scene() {
  const output = new PassThrough();
  const terminal = new PassThrough();
  const lines = throughTerminal(output, terminal);
  const got = (): string => terminal.read()?.toString() ?? "";
  return { output, lines, got };
}

test.each([
  ["the alternate screen", "\x1b[?1049h", "\x1b[?1049l"],
  ["a line that is being edited", "\x1b[?2004h$ ", "\x1b[?2004l\r\n"],
  ["a hidden cursor", "\x1b[?25l", "\x1b[?25h"],
  ["several modes in one sequence", "\x1b[?1000;1006h", "\x1b[?1000;1006l"],
  ["a sequence that is not finished yet", "\x1b[3", "1mred"],
])("no line of ours falls into %s; it comes when that is over", (_name, begin, end) => {
  const { output, lines, got } = scene();
  output.emit("data", Buffer.from(begin));
  lines.write(LINE);
  expect(got()).toBe(begin);
  output.emit("data", Buffer.from(end));
  const shown = got();
  expect(shown.startsWith(end)).toBe(true);
  expect(shown.endsWith(`${LINE}\r\n`)).toBe(true);
});

test("sequences are followed across chunks, byte by byte", () => {
  const screen = createScreen();
  for (const byte of Buffer.from("\x1b[?1049h")) screen.take(Buffer.of(byte));
  expect(screen.owned).toBe(true);
});

test("a line of ours begins on a line of its own, and the program's bytes pass unchanged", () => {
  const { output, lines, got } = scene();
  output.emit("data", Buffer.from("50 %"));
  lines.write(LINE);
  output.emit("data", Buffer.from("51 %\r\n"));
  expect(got()).toBe(`50 %\r\n${LINE}\r\n51 %\r\n`);
});

test("ATTACK a program that never leaves the screen fills no memory with held lines, and the terminal is put back at its end", () => {
  const { output, lines, got } = scene();
  output.emit("data", Buffer.from("\x1b[?1049h\x1b[?25l\x1b[31m"));
  for (let i = 0; i < 100_000; i++) lines.write(`${LINE} ${i}`);
  lines.end();
  const end = got();
  for (const undo of ["\x1b[?1049l", "\x1b[?25h", "\x1b[0m"]) expect(end).toContain(undo);
  expect(end).not.toContain(LINE);
});

test("ATTACK an open title sequence does not swallow the summary", () => {
  const screen = createScreen();
  screen.take(Buffer.from("\x1b]0;"));
  expect(screen.restore().startsWith("\x18\x1b\\")).toBe(true);
});

test("a program that left everything as it was causes nothing to be written", () => {
  const screen = createScreen();
  screen.take(Buffer.from("\x1b[1mbold\x1b[0m\r\n\x1b[?2004h\x1b[?2004l"));
  expect(screen.restore()).toBe("");
  expect(screen.atLineStart).toBe(true);
});

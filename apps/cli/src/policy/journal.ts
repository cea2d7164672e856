import { createReadStream } from "node:fs";
import { parseRecordLine, type RecordedRequest } from "@creel/policy";
import { systemCode, usageError } from "../exit.ts";
import { type Io, line, printable, redrawn } from "../io.ts";
import { fileReason } from "./file-reason.ts";
import { LINE_TOO_LONG, lineBatches } from "./line-batches.ts";

/** Enough to see what is wrong with a file, not so many that they hide the answer. */
const PROBLEMS_KEPT_MAX = 20;
const PROGRESS_EVERY_MS = 200;
const STDIN = "-";

export interface JournalProblem {
  file: string;
  line: number;
  problem: string;
}
export interface JournalRead {
  lines: number;
  /** Lines that are requests or lookups, not the end of a connection and not empty. */
  requests: number;
  /** Lines that could not be read; the first of them are in `problems`. */
  unreadable: number;
  problems: JournalProblem[];
}

/** Hands every record of the files to `take`, in order, a line at a time; `-` is standard input. A null record is no request. */
export async function readJournals(
  files: readonly string[],
  take: (record: RecordedRequest | null) => void,
  io: Io,
): Promise<JournalRead> {
  const read: JournalRead = { lines: 0, requests: 0, unreadable: 0, problems: [] };
  const progress = startProgress(io, read);
  try {
    for (const file of files) await readJournal(file, take, read, io);
  } finally {
    progress();
  }
  return read;
}

async function readJournal(
  file: string,
  take: (record: RecordedRequest | null) => void,
  read: JournalRead,
  io: Io,
): Promise<void> {
  const input = file === STDIN ? io.stdin : createReadStream(file);
  const bad = (number: number, problem: string): void => {
    read.unreadable += 1;
    if (read.problems.length < PROBLEMS_KEPT_MAX) read.problems.push({ file, line: number, problem });
  };
  try {
    for await (const batch of lineBatches(input))
      for (const { number, text } of batch) {
        read.lines += 1;
        if (text === null) {
          bad(number, `Not read: ${LINE_TOO_LONG}.`);
          continue;
        }
        const parsed = parseRecordLine(text);
        if (!parsed.ok) {
          bad(number, parsed.problem);
          continue;
        }
        if (parsed.record !== null) read.requests += 1;
        take(parsed.record);
      }
  } catch (error) {
    if (systemCode(error) === null) throw error;
    const { reason, remedy } = fileReason(error, "file of decision records");
    throw usageError(`the journal could not be read: ${reason}`, remedy, file);
  }
}

/** Says on a terminal how far it is; returns what takes the line away again. */
function startProgress(io: Io, read: JournalRead): () => void {
  if (io.terminal?.watches !== true) return () => undefined;
  const began = Date.now();
  const redraw = (): void => {
    const seconds = ((Date.now() - began) / 1000).toFixed(1);
    io.err(redrawn(`${read.lines.toLocaleString("en")} lines, ${seconds} s`));
  };
  const timer = setInterval(redraw, PROGRESS_EVERY_MS);
  return () => {
    clearInterval(timer);
    io.err(redrawn(""));
  };
}

/** Passing on nothing is no passing; the same words wherever a journal is empty. */
export const NO_REQUEST = "the journal holds no request";
export const NO_REQUEST_REMEDY = "Record some with `creel run --decisions FILE`, and name that file.";

/** Says on stderr which lines were not read, so that nobody takes a part for the whole. */
export function reportUnreadable(read: JournalRead, io: Io): void {
  for (const { file, line: number, problem } of read.problems)
    io.err(line(printable(`creel: ${file}:${number}: ${problem}`)));
  const more = read.unreadable - read.problems.length;
  if (more > 0) io.err(line(`creel: ${more.toLocaleString("en")} further lines could not be read`));
}

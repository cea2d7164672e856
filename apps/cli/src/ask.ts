import { createInterface } from "node:readline";
import { type Io, line } from "./io.ts";

/** Whether somebody is there who can be asked, and who sees the question. */
export const canAsk = ({ terminal }: Io): boolean => terminal?.types === true && terminal.watches;

/** Asks a person yes or no; whatever is not clearly yes, an end of the input too, is no. */
export async function confirms(question: string, io: Io): Promise<boolean> {
  io.err(line(`${question} Type y for yes:`));
  const reader = createInterface({ input: io.stdin });
  try {
    for await (const answer of reader) return /^y(es)?$/i.test(answer.trim());
    return false;
  } finally {
    reader.close();
  }
}

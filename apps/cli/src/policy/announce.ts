import { type Io, redrawn } from "../io.ts";

/** Says on a terminal what a step that may take long is about, and takes the line away when it is done. */
export function announced<T>(io: Io, title: string, work: () => T): T {
  if (io.terminal?.watches !== true) return work();
  io.err(redrawn(`${title} …`));
  try {
    return work();
  } finally {
    io.err(redrawn(""));
  }
}

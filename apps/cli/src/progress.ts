import { type Io, line, redrawn } from "./io.ts";

/** Without a terminal a line now and then shows that a long step still lives. */
const REMINDER_MS = 15_000;
const FRAME_MS = 120;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export type Step = <T>(title: string, work: () => Promise<T>) => Promise<T>;

const seconds = (sinceMs: number): string => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/** Shows each step while it runs and how long it took; `quiet` for `--json`. */
export function stepper(io: Io, quiet: boolean): Step {
  if (quiet) return async (_title, work) => await work();
  return async (title, work) => {
    const began = Date.now();
    let frame = 0;
    const redraw = (): void => io.out(redrawn(`${FRAMES[frame++ % FRAMES.length]} ${title} ${seconds(began)}`));
    const remind = (): void => io.out(line(`… ${title} (${seconds(began)} so far)`));
    const timer = io.colour ? setInterval(redraw, FRAME_MS) : setInterval(remind, REMINDER_MS);
    let mark = "✗";
    try {
      const result = await work();
      mark = "✓";
      return result;
    } finally {
      clearInterval(timer);
      if (io.colour) io.out(redrawn(""));
      io.out(line(`${mark} ${title} (${seconds(began)})`));
    }
  };
}

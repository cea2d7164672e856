/** Without a terminal a line now and then shows that a long step still lives. */
const PLAIN_REMINDER_MS = 15_000;
const FRAME_MS = 100;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

const seconds = (sinceMs) => `${((Date.now() - sinceMs) / 1000).toFixed(1)} s`;

/**
 * Shows a step while it runs, and how long it took.
 * @template T
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const began = Date.now();
  const tty = process.stdout.isTTY === true;
  let note = "";
  let frame = 0;
  const draw = () => {
    const width = process.stdout.columns || 80;
    const text = `${FRAMES[frame++ % FRAMES.length]} ${title} ${seconds(began)}${note ? `  ${note}` : ""}`;
    process.stdout.write(`\r\x1b[2K${text.slice(0, width - 1)}`);
  };
  if (!tty) process.stdout.write(`… ${title}\n`);
  const timer = tty
    ? setInterval(draw, FRAME_MS)
    : setInterval(() => process.stdout.write(`… ${title} (${seconds(began)} so far)\n`), PLAIN_REMINDER_MS);
  const end = (mark) => {
    clearInterval(timer);
    process.stdout.write(`${tty ? "\r\x1b[2K" : ""}${mark} ${title} (${seconds(began)})\n`);
  };
  try {
    const result = await work((text) => {
      note = text.replace(/[^\x20-\x7e]/g, "");
    });
    end("✓");
    return result;
  } catch (error) {
    end("✗");
    throw error;
  }
}

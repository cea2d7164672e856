/**
 * Carries the journal to the hub. Threat: a decision is lost or counted twice because a process or a connection died in between.
 * Invariant: a line leaves the disk only after the hub said that it stored it; everything not acknowledged is sent again after a
 * reconnect; `(node, boot, seq)` makes a second copy harmless.
 */
import { createJournalReader, type JournalAcks } from "@creel/gateway";
import type { JournalEntry, NodeMessage } from "@creel/protocol";
import type { Logger } from "pino";
import { z } from "zod";
import { privateDir, readIfThere, writeAtomic } from "./files.ts";
import { JOURNAL_ACK_MS_MAX, JOURNAL_FRAME_BYTES_MAX, JOURNAL_POLL_MS } from "./limits.ts";
import type { NodePaths } from "./paths.ts";

const acksSchema = z.record(z.uuid(), z.number().int().nonnegative());

export interface Uploader {
  /** Something was written, or may have been. */
  poke(): void;
  connected(): void;
  disconnected(): void;
  acknowledged(batch: number): Promise<void>;
  close(): Promise<void>;
}

export async function createUploader(options: {
  paths: NodePaths;
  send: (message: NodeMessage) => boolean;
  /** The gateway's life that is being written now; its last file must stay. */
  liveBoot: () => string | null;
  log: Logger;
}): Promise<Uploader> {
  const { paths, send, log } = options;
  await privateDir(paths.journal);
  const reader = createJournalReader({
    dir: paths.journal,
    acks: await loadAcks(paths.acks, log),
    liveBoot: options.liveBoot,
    onCorrupt: (place) => log.error({ place }, "a line of the journal is not a journal line; it was left where it is"),
  });
  let up = false;
  let batch = 0;
  let inFlight: { batch: number; entries: JournalEntry[]; sentMs: number } | null = null;
  let waiting: JournalEntry[] = [];
  let saving: Promise<void> = Promise.resolve();

  const startOver = () => {
    inFlight = null;
    waiting = [];
    reader.rewind();
  };
  const pump = () => {
    if (!up || inFlight) return;
    if (waiting.length === 0) waiting = reader.read();
    if (waiting.length === 0) return;
    const entries = takeFrame(waiting);
    waiting = waiting.slice(entries.length);
    batch += 1;
    inFlight = { batch, entries, sentMs: performance.now() };
    if (!send({ type: "journal", batch, entries })) startOver();
  };
  const timer = setInterval(() => {
    if (inFlight && performance.now() - inFlight.sentMs > JOURNAL_ACK_MS_MAX) {
      log.warn({ batch: inFlight.batch }, "the hub did not acknowledge a journal batch; sending it again");
      startOver();
    }
    pump();
  }, JOURNAL_POLL_MS);
  timer.unref();

  return {
    poke: pump,
    connected() {
      up = true;
      startOver();
      pump();
    },
    disconnected() {
      up = false;
      startOver();
    },
    async acknowledged(acked) {
      if (inFlight?.batch !== acked) return;
      const acks = reader.ack(inFlight.entries);
      inFlight = null;
      pump();
      saving = saving.then(() => writeAtomic(paths.acks, `${JSON.stringify(acks)}\n`));
      await saving;
    },
    async close() {
      clearInterval(timer);
      up = false;
      await saving;
    },
  };
}

/** As many entries from the front as fit one frame; always at least one. */
function takeFrame(entries: readonly JournalEntry[]): JournalEntry[] {
  let bytes = 0;
  const count = entries.findIndex((entry, index) => {
    bytes += Buffer.byteLength(JSON.stringify(entry));
    return index > 0 && bytes > JOURNAL_FRAME_BYTES_MAX;
  });
  return entries.slice(0, count < 0 ? entries.length : count);
}

/** What was acknowledged; a damaged file costs a second sending, never a line. */
async function loadAcks(path: string, log: Logger): Promise<JournalAcks> {
  const text = await readIfThere(path);
  if (text === null) return {};
  try {
    return acksSchema.parse(JSON.parse(text));
  } catch {
    log.warn({ path }, "the file of acknowledgements is damaged; the whole journal is sent again and stored once");
    return {};
  }
}

"use client";
import type { EngineAnswer, EngineCall, EngineQuestion, Given, Returned } from "./engine.ts";

interface Waiting {
  question: EngineQuestion;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
}

let worker: Worker | null | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

/** Where the browser gives no worker the page's own thread does the work: slower on a long file, never less. */
async function answerHere({ question, resolve, reject }: Waiting): Promise<void> {
  try {
    const { answerOf } = await import("./engine.ts");
    resolve(answerOf(question));
  } catch (error) {
    reject(error instanceof Error ? error : new Error(String(error)));
  }
}

function giveUpWorker(): void {
  worker?.terminate();
  worker = null;
  for (const each of waiting.values()) void answerHere(each);
  waiting.clear();
}

function openWorker(): Worker | null {
  try {
    const opened = new Worker(new URL("./engine.worker.ts", import.meta.url), { type: "module" });
    opened.onmessage = ({ data }: MessageEvent<EngineAnswer>) => {
      const asked = waiting.get(data.id);
      waiting.delete(data.id);
      if ("error" in data) asked?.reject(new Error(data.error));
      else asked?.resolve(data.value);
    };
    opened.onerror = giveUpWorker;
    return opened;
  } catch {
    return null;
  }
}

/** Guarantee: the answer to a question of `call` is what `engine[call]` returned, copied between threads. */
const asReturned = <K extends EngineCall>(answer: Promise<unknown>) => answer as Promise<Returned<K>>;

/** One worker for all pages of the tab, opened when first asked. Rejects with the engine's own sentence. */
export function askEngine<K extends EngineCall>(call: K, given: Given<K>): Promise<Returned<K>> {
  if (worker === undefined) worker = openWorker();
  lastId += 1;
  const question: EngineQuestion = { id: lastId, call, given };
  return asReturned<K>(
    new Promise((resolve, reject) => {
      const asked: Waiting = { question, resolve, reject };
      if (worker == null) {
        void answerHere(asked);
        return;
      }
      waiting.set(question.id, asked);
      worker.postMessage(question);
    }),
  );
}

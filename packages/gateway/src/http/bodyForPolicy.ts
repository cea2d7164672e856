import { isUtf8 } from "node:buffer";
import { HELD_BODY_ARRIVAL_MS, HELD_BODY_RETRY_SECONDS, HELD_BODY_THROTTLED_ARRIVAL_MS } from "../limits.ts";
import type { Refusal, SandboxState } from "../state.ts";
import type { Call } from "./call.ts";
import type { CheckedRequest } from "./checkRequest.ts";
import { createBlocks, holdBody } from "./heldBodies.ts";

/**
 * A judge that decodes leniently reads other words in such bytes than a server that decodes otherwise (an overlong quote ends a text for
 * one of them). Only what may be read as JSON is judged by its words.
 */
export function isUnreadable({ headers }: CheckedRequest, body: Buffer): boolean {
  const type = headers.find(([name]) => name.toLowerCase() === "content-type")?.[1];
  return (type === undefined || /json/i.test(type)) && !isUtf8(body);
}

export interface HoldOptions {
  state: SandboxState;
  bytesMax: number;
}
export type NotHeld = "too-large" | "no-room" | "too-slow";

/** Nothing may be wrong with such a request; it is refused because holding it would cost others. */
export const notHeld: Record<Exclude<NotHeld, "too-large">, Refusal & { status: number }> = {
  "no-room": {
    rule: null,
    reason: "Too many bodies that have to be judged whole are under way.",
    retryAfterSeconds: HELD_BODY_RETRY_SECONDS,
    status: 503,
  },
  "too-slow": { rule: null, reason: "The body, which has to be judged whole, took too long to arrive.", status: 408 },
};

/** A sandbox whose rate is bound by us may take as long as that rate makes it. */
function arrivalMs({ state, bytesMax }: HoldOptions): number {
  const { bytesPerSecond } = state.bounds;
  const throttledMs = bytesPerSecond === null ? 0 : (bytesMax / Math.max(1, bytesPerSecond)) * 1000;
  return Math.min(HELD_BODY_THROTTLED_ARRIVAL_MS, HELD_BODY_ARRIVAL_MS + throttledMs);
}

/** The whole body, counted until its call is over, or why not as soon as that is known. Rejects when the client goes away. */
export function readBody(call: Call, options: HoldOptions): Promise<Buffer | NotHeld> {
  const { body } = call;
  const held = holdBody(options.state);
  call.onGone(held.giveBack);
  // One that went before now ends nothing below: its events have been.
  if (call.gone) return Promise.reject(new Error("the client went away"));
  call.sayContinue();
  return new Promise((resolve, reject) => {
    const blocks = createBlocks(held);
    let bytes = 0;
    let over = false;
    const timer = setTimeout(() => giveUp("too-slow"), arrivalMs(options));
    function finish(): void {
      over = true;
      clearTimeout(timer);
    }
    function giveUp(why: NotHeld): void {
      finish();
      blocks.drop();
      resolve(why);
    }
    function fail(error: Error): void {
      if (over) return;
      finish();
      blocks.drop();
      reject(error);
    }
    body.on("data", (chunk: Buffer) => {
      if (over) return;
      bytes += chunk.length;
      if (bytes > options.bytesMax) giveUp("too-large");
      else if (!blocks.append(chunk)) giveUp("no-room");
    });
    body.once("end", () => {
      if (over) return;
      if (!call.whole()) return fail(new Error("the client went away"));
      finish();
      resolve(blocks.whole());
    });
    body.once("error", fail);
    body.once("close", () => fail(new Error("the client went away")));
    call.onGone(() => fail(new Error("the client went away")));
  });
}

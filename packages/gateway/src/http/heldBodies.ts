import { HELD_BODY_BYTES_ALWAYS, HELD_BODY_BYTES_MAX, HELD_BODY_BYTES_PER_SANDBOX_MAX } from "../limits.ts";
import type { SandboxState } from "../state.ts";

/**
 * Memory for bodies and messages that are held until they are judged. Threat: a sandbox that opens many requests and never ends their
 * bodies fills the process that all sandboxes share. Invariant: what is held is counted before it is kept, given back when its request
 * is over, and no sandbox has more than what is left for all others together, so that there is always room for one more. Where
 * many sandboxes do this together, halves of halves are left; each has a small share that nobody can take.
 */
const bytesOf = new WeakMap<Sandbox, number>();
/** Only who it is counts. */
type Sandbox = Pick<SandboxState, "id">;
/** Of all sandboxes: the memory is the process's. */
let bytesOfAll = 0;

/** What the whole process holds now. */
export const heldBytes = (): number => bytesOfAll;

export interface HeldBody {
  /** What is held is that much from now on. False: there is no room, and nothing changed. Less is always granted. */
  resize(bytes: number): boolean;
  /** All of it, for good. */
  giveBack(): void;
}

export function holdBody(state: Sandbox): HeldBody {
  let held = 0;
  let over = false;
  const set = (bytes: number) => {
    bytesOfAll += bytes - held;
    bytesOf.set(state, (bytesOf.get(state) ?? 0) + bytes - held);
    held = bytes;
  };
  return {
    resize(bytes) {
      if (over || (bytes > held && !fits(state, bytes - held))) return false;
      set(bytes);
      return true;
    },
    giveBack() {
      set(0);
      over = true;
    },
  };
}

function fits(state: Sandbox, more: number): boolean {
  const own = (bytesOf.get(state) ?? 0) + more;
  if (own <= HELD_BODY_BYTES_ALWAYS) return true;
  return own <= HELD_BODY_BYTES_PER_SANDBOX_MAX && own <= HELD_BODY_BYTES_MAX - (bytesOfAll + more);
}

const BLOCK_BYTES_MIN = 4 * 1024;
const BLOCK_BYTES_MAX = 1024 * 1024;

/**
 * Bytes as they arrive, copied into blocks that are counted whole: a body that comes in pieces of one byte costs its own size, and not an
 * object of ours (and the read it was cut from) for each of them.
 */
export function createBlocks(held: HeldBody) {
  const blocks: Buffer[] = [];
  let allocated = 0;
  let length = 0;
  return {
    /** False: there is no room. */
    append(chunk: Buffer): boolean {
      let from = 0;
      while (from < chunk.length) {
        if (length === allocated) {
          const size = Math.min(BLOCK_BYTES_MAX, Math.max(BLOCK_BYTES_MIN, allocated, chunk.length - from));
          if (!held.resize(allocated + size)) return false;
          blocks.push(Buffer.allocUnsafeSlow(size));
          allocated += size;
        }
        const block = blocks[blocks.length - 1];
        if (block === undefined) return false;
        const copied = chunk.copy(block, block.length - (allocated - length), from);
        from += copied;
        length += copied;
      }
      return true;
    },
    /** In one piece; what it no longer needs is given back. */
    whole(): Buffer {
      const body = Buffer.concat(blocks, length);
      blocks.length = 0;
      held.resize(length);
      return body;
    },
    drop(): void {
      blocks.length = 0;
      held.giveBack();
    },
  };
}

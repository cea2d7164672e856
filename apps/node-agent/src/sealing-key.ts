/**
 * The key to which this node's credentials are sealed. Threat: the gateway, which meets hostile traffic, holds the key that is this node
 * to its hub; or a reader of the node's state finds credentials in it. Invariant: this key opens credentials and proves nothing; its
 * private half lies in one file that the gateway process reads, and the identity's key stays out of that process.
 */
import { makeSealingKey, publicSealingKey } from "@creel/protocol/sealing";
import { readIfThere, writeAtomic } from "./files.ts";

/**
 * The public half; the pair is made where there is none yet, and is `fresh` then: nothing that came before opens with it.
 * @throws Error when the file holds something else.
 */
export async function ensureSealingKey(file: string): Promise<{ publicKey: string; fresh: boolean }> {
  const present = await readIfThere(file);
  if (present !== null) return { publicKey: publicHalf(file, present), fresh: false };
  const { privatePem, publicKey } = makeSealingKey();
  await writeAtomic(file, privatePem);
  return { publicKey, fresh: true };
}

function publicHalf(file: string, privatePem: string): string {
  try {
    return publicSealingKey(privatePem);
  } catch {
    // What the reader of a key says of bytes that are none could quote them.
    throw new Error(`${file} is damaged. Remove it: the node makes another, and the hub seals to that one.`);
  }
}

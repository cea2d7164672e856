/** Encrypts secrets at rest. `aad` binds a sealed text to its place, so that it cannot be moved to another row. */
export interface Sealer {
  seal(plain: Uint8Array, aad: string): Promise<string>;
  open(sealed: string, aad: string): Promise<Uint8Array>;
}

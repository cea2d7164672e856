/** A header as it was read: the name in its own letters, the value one character a byte. */
export type HeaderPair = [name: string, value: string];

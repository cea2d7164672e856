/** The part of dns-packet 5 that we use; the package ships no types. */
declare module "dns-packet" {
  export interface Question {
    type: string;
    class: string;
    name: string;
  }
  export interface Packet {
    type?: "query" | "response";
    id?: number;
    flags?: number;
    opcode?: string;
    flag_tc?: boolean;
    questions?: Question[];
    answers?: { type: "A"; class: "IN"; name: string; ttl: number; data: string }[];
  }
  export function encode(packet: Packet): Buffer;
  export function decode(bytes: Buffer): Packet;
}

/** Names of record types; an unknown one is "UNKNOWN_" and its number. */
declare module "dns-packet/types.js" {
  const types: { toString(type: number): string };
  export default types;
}

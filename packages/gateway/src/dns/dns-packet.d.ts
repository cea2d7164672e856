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
  export const AUTHORITATIVE_ANSWER: number;
  export const RECURSION_DESIRED: number;
  export const RECURSION_AVAILABLE: number;
  export function encode(packet: Packet): Buffer;
  export function decode(bytes: Buffer): Packet;
}

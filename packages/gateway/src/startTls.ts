/**
 * TLS that begins in the middle of a connection, after a word of the protocol's own: SMTP, LMTP, IMAP, NNTP, ManageSieve, XMPP (`STARTTLS`),
 * POP3 (`STLS`), FTP (`AUTH TLS`), LDAP (an OID). Threat: another name in that TLS than the one that was judged. Where exactly it begins only
 * the server knows (one that discards what came behind the word begins later than the bytes say), so no place is trusted: once the word was
 * said, a byte that begins a TLS record stands for a ClientHello wherever it is. None of these protocols has such a byte in its text.
 */

/**
 * Such servers greet in text, whatever it says (IRC's and ACAP's differ, and a blank line may come first), or in LDAP's encoding, which begins
 * with "0". What greets in other bytes never begins TLS by a word, nor do these two protocols; they are not watched.
 */
const GREETINGS = /^(?:0|[\t\r\n\x20-\x7e]*$)/;
const GREETING_CHARACTERS = 4;
const NEVER = ["SSH-", "HTTP"];

export function mayStartTls(heard: Buffer): boolean {
  const text = heard.toString("latin1", 0, GREETING_CHARACTERS);
  return GREETINGS.test(text) && !NEVER.includes(text);
}

/**
 * FTP's and SMTP's greeting, behind a blank line or none. An FTP server reads a Telnet connection (RFC 959 3.1): its word may come with
 * Telnet's commands between the letters, in quotes and behind any blanks, so the bytes are watched as if it had been said.
 */
const LINES_ALONE = /^[12]20/;
const REPLY_CODE_CHARACTERS = 3;

export function hearsOnlyLines(heard: Buffer): boolean {
  return LINES_ALONE.test(heard.toString("latin1").trimStart());
}

/** The server has not said yet of which kind it is. */
const isUnknown = (heard: Buffer): boolean => heard.toString("latin1").trimStart().length < REPLY_CODE_CHARACTERS;

const LDAP_START_TLS = "1.3.6.1.4.1.1466.20037";
const WORDS = new RegExp(`STARTTLS|STLS|AUTH[ \\t]{1,8}(?:TLS|SSL)|${LDAP_START_TLS.replaceAll(".", "\\.")}`, "i");
/** The longest word but one character: so much of what went by may be the beginning of one. */
const TAIL_BYTES = LDAP_START_TLS.length - 1;

/** A command of Telnet (0xFF is doubled where it is meant), or what servers leave out of a word. */
const LEFT_OUT = /\xff(?:[\xfb-\xfe][\s\S]|[^\xff])|["\\\0]/g;
/** Of a Telnet command so far. */
const LEFT_OUT_BEGUN = /\xff[\xfb-\xfe]?$/;

/** Looks for the word in what passes, also where it comes in pieces. */
export function createWordSearch() {
  let tail = Buffer.alloc(0);
  /** The same as a server of Telnet reads it. */
  let read = "";
  let unread = "";

  function isRead(bytes: Buffer): boolean {
    const text = unread + bytes.toString("latin1");
    unread = LEFT_OUT_BEGUN.exec(text)?.[0] ?? "";
    const whole = text.slice(0, text.length - unread.length);
    read = (read + whole.replace(LEFT_OUT, "")).replace(/\s+/g, " ");
    const found = WORDS.test(read);
    read = read.slice(-TAIL_BYTES);
    return found;
  }

  return {
    /** How many of these bytes there are up to the word's end, or 0 where it is not written plainly; null: it is not in them. */
    endIn(bytes: Buffer, heard: Buffer): number | null {
      const text = Buffer.concat([tail, bytes]);
      const found = WORDS.exec(text.toString("latin1"));
      if (found !== null) return found.index + found[0].length - tail.length;
      tail = Buffer.from(text.subarray(Math.max(0, text.length - TAIL_BYTES)));
      // Once it is known, it is either watched all the same or no server of FTP.
      return isUnknown(heard) && isRead(bytes) ? 0 : null;
    },
  };
}

const RECORD_ALERT = 0x15;
const RECORD_HANDSHAKE = 0x16;

/** Where a TLS record may begin, from `from` on; -1: nowhere. */
export const recordStart = (bytes: Buffer, from = 0): number => {
  for (let at = from; at < bytes.length; at += 1)
    if (bytes[at] === RECORD_HANDSHAKE || bytes[at] === RECORD_ALERT) return at;
  return -1;
};

/**
 * The bytes that HTTP/1.1 is written in (RFC 9110 5.1, 5.5; RFC 9112 3 to 5), for both directions and for reading and writing. Threat: two
 * readers of one head that disagree about where a word ends. Invariant: there is one grammar here, and what it does not name is refused.
 */
export const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Without the blanks around it; one character a byte. */
export const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
export const REQUEST_LINE = /^([A-Z-]{3,20}) ([\x21-\x7e]+) HTTP\/1\.([01])$/;
/** The reason is a text for people; what it may hold is for its writer to say. */
export const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9][0-9]{2})(?: ([^\r\n]*))?$/;
/** Origin-form, absolute-form, asterisk-form; what they mean is for the check of requests. */
export const TARGET = /^(?:\/|\*$|[A-Za-z]+:\/\/[A-Za-z0-9._~%!$&'()*+,;=:@[\]-]+(?:[/?]|$))/;
/** Only `CONNECT` has it. */
export const AUTHORITY_TARGET = /^[A-Za-z0-9._~%:[\]-]+$/;

/** What exists (IANA's registry as far as it is in use). A server that obeys another name than these obeys what no rule speaks of. */
export const METHODS: ReadonlySet<string> = new Set([
  ...["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"],
  ...["PROPFIND", "PROPPATCH", "MKCOL", "COPY", "MOVE", "LOCK", "UNLOCK", "SEARCH", "BIND", "REBIND", "UNBIND", "ACL"],
  ...["REPORT", "MKACTIVITY", "CHECKOUT", "MERGE", "MKCALENDAR", "LINK", "UNLINK", "PURGE"],
  ...["M-SEARCH", "NOTIFY", "SUBSCRIBE", "UNSUBSCRIBE"],
]);

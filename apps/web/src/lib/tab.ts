/** As whom, and in which organization, a tab shows what it shows: what its questions carry, and what tabs tell each other. */
export const tabIdentity = (of: { orgId: string; userId: string }): string => `${of.orgId}/${of.userId}`;

/** The header of a question, and the parameter of a stream, that carry it. */
export const TAB_HEADER = "x-creel-as";
export const TAB_PARAMETER = "as";
/** The parameter of a stream that tells when the tab's first page was loaded, by the server's clock in milliseconds. */
export const LOADED_PARAMETER = "loaded";
/** Clocks of two web servers differ by less, and a page's parts are loaded beside each other: so much earlier may a load have been. */
export const CLOCK_MARGIN_MS = 2_000;
/** The header of an answer to a tab that shows somebody else, or another organization, than its cookie opens by now. */
export const MOVED_HEADER = "x-creel-moved";

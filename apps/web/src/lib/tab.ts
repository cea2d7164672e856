/** As whom, and in which organization, a tab shows what it shows: what its questions carry, and what tabs tell each other. */
export const tabIdentity = (of: { orgId: string; userId: string }): string => `${of.orgId}/${of.userId}`;

/** The header of a question, and the parameter of a stream, that carry it. */
export const TAB_HEADER = "x-creel-as";
export const TAB_PARAMETER = "as";
/** The header of an answer to a tab that shows somebody else, or another organization, than its cookie opens by now. */
export const MOVED_HEADER = "x-creel-moved";

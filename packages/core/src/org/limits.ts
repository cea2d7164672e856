/** One line of a page, and of a file name with its ending. */
export const NAME_CHARS_MAX = 128;
/** Of one installation: it serves a company and its parts. What founds more a day than this is a loop. */
export const ORGS_PER_DAY_MAX = 20;
/** Of one person, and of one org with all that were founded out of it, so that neither takes the whole day's room from the others. */
export const FOUNDED_PER_DAY_MAX = 5;
/** More orgs than anybody tells apart in a menu. */
export const ORGS_OF_PERSON_MAX = 50;
export const DAY_MS = 24 * 60 * 60 * 1000;

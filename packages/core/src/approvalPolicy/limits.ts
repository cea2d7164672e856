/** Each is asked for every change; past these nobody knows any more which rule holds it up. */
export const APPROVAL_POLICIES_MAX = 50;
export const NAME_CHARS_MAX = 64;

/** Set on each request by our own proxy, whatever the browser sent under this name. */
export const PAGE_HEADER = "x-creel-page";

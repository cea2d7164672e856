/**
 * Stands in for `node:crypto` in the browser's copy of `@creel/policy`. The browser parses and compares policies; digests
 * are made by the server alone, so asking for one here is a mistake and says so.
 */
export const createHash = (): never => {
  throw new Error("digests are made on the server");
};

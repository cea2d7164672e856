export * from "./browser.ts";
export { policyDigest } from "./digest.ts";

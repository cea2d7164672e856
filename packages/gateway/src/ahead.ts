/** What whoever starts a sandbox needs before its gateway: without what serves connections, which takes many times longer to load. */
export { createSandboxCa } from "./ca/createCa.ts";
export { commandSource } from "./credentials/sources/command.ts";
export { fileSource } from "./credentials/sources/file.ts";
export { fixedSource } from "./credentials/sources/fixed.ts";
export { formPoster, oauthSource } from "./credentials/sources/oauth.ts";
export { createRecordSink } from "./journal/recordSink.ts";
export { hostAuthorities, withRoots } from "./upstream/authorities.ts";

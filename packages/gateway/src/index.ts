export type { GivenBounds } from "./bounds.ts";
export { createSandboxCa, type SandboxCa } from "./ca/createCa.ts";
export { type CredentialSource, CredentialUnavailable, type SandboxCredential } from "./credentials/credential.ts";
export { commandSource } from "./credentials/sources/command.ts";
export { fileSource } from "./credentials/sources/file.ts";
export { fixedSource } from "./credentials/sources/fixed.ts";
export { formPoster, type OAuthGrant, oauthSource } from "./credentials/sources/oauth.ts";
export { type SealedValue, sealedSource } from "./credentials/sources/sealed.ts";
export { type ExceptionUses, openExceptionUses } from "./exceptions/uses.ts";
export { createGateway } from "./gateway.ts";
export { createJournal, JournalError, type JournalOptions } from "./journal/journal.ts";
export {
  createJournalReader,
  type JournalAcks,
  type JournalReader,
  type JournalReaderOptions,
  readJournal,
} from "./journal/reader.ts";
export { createRecordSink, type RecordSinkOptions } from "./journal/recordSink.ts";
export type { DecisionDraft, DecisionSink, FlowTotals } from "./journal/sink.ts";
export { OWN_HOST, PROXY_HOST, PROXY_PORT } from "./state.ts";
export type { Traffic } from "./traffic.ts";
export type * from "./types.ts";
export { hostAuthorities, withRoots } from "./upstream/authorities.ts";
export type { Lookup } from "./upstream/resolve.ts";

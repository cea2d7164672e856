export { listSessions, listSessionsInput } from "./listSessions.ts";
export { resolveApiToken, resolveApiTokenInput } from "./resolveApiToken.ts";
export { resolveSession, resolveSessionInput } from "./resolveSession.ts";
export { signIn, signInInput } from "./signIn.ts";
export { signOut, signOutInput } from "./signOut.ts";
export { signOutEverywhere, signOutEverywhereInput } from "./signOutEverywhere.ts";

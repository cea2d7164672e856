/**
 * Runs once when the server starts, before the first request. Next also compiles this file for a runtime without Node; the
 * condition must stand here in these very words for the compiler to leave the database out of that copy.
 */
export const register = async (): Promise<void> => {
  // biome-ignore lint/style/noProcessEnv: replaced at build time, see above.
  if (process.env.NEXT_RUNTIME === "nodejs") {
    const { openRuntime } = await import("./server/open-runtime.ts");
    openRuntime();
  }
};

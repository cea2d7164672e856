/** What this program calls itself to the hub. */
export const AGENT_VERSION = "0.1.0";

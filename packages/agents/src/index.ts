export { AGENT_TARGET, KEY_VARIABLE, NODE_TARGET } from "./base.ts";
export { caEnv } from "./ca-env.ts";
export { agentInstalled, INSTALL_TIMEOUT_MS, installAgent } from "./install.ts";
export { agentPlugins } from "./plugins.ts";
export * from "./types.ts";

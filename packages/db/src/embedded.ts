export { type EmbeddedPostgres, type EmbeddedSettings, startEmbedded } from "./embedded/start.ts";

export type { Db } from "./client.ts";

/** The query language for `core`, from here so that there is one copy of it. */
export {
  and,
  asc,
  count,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  or,
  type SQL,
  sql,
} from "drizzle-orm";
export { asCaller } from "./caller.ts";
export { type Crossing, type Tx, withOrg, withSystem, withSystemFor } from "./client.ts";
export {
  type CreelEvent,
  EVENT_CHANNEL,
  type EventTopic,
  eventTopics,
  type Listener,
  listenEvents,
  notify,
} from "./events.ts";
export { newId } from "./ids.ts";
export { type MigrateOptions, migrate } from "./migrate.ts";
export { type Db, type DbSettings, openDb } from "./pools.ts";
export { provisionRoles, type RolePasswords } from "./roles.ts";
export * as tables from "./schema/index.ts";
export { ContentionError, mustRunAgain, withOrgSerializable } from "./serializable.ts";
export { busyFor } from "./turns.ts";

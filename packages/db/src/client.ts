/** An open database. What is in it is this package's own affair; `withOrg` and `withSystem` are the doors. */
export interface Db {
  close(): Promise<void>;
}

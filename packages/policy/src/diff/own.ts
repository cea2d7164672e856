/** Keys come from files. Threat: `constructor` or `__proto__` answers for every record, so an entry that is new looks changed. */
export const own = <T>(record: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;

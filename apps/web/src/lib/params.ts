/** A page's query parameters as a browser sends them: each may be missing or repeated. */
export type PageParams = Promise<Readonly<Record<string, string | string[] | undefined>>>;

/** The first value of a parameter, or nothing. */
export const one = (value: string | string[] | undefined): string | undefined => {
  const first = Array.isArray(value) ? value[0] : value;
  return first === "" ? undefined : first;
};

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** A filter that cannot be one is left out, so that a mistyped address shows the unfiltered page and not an error. */
export const oneId = (value: string | string[] | undefined): string | undefined => {
  const id = one(value);
  return id && UUID.test(id) ? id : undefined;
};
export const oneNumber = (value: string | string[] | undefined): number | undefined => {
  const text = one(value);
  return text && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
};
export const oneOf = <T extends string>(value: string | string[] | undefined, allowed: readonly T[]): T | undefined =>
  allowed.find((item) => item === one(value));

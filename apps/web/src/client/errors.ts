import { TRPCClientError } from "@trpc/client";

export interface ShownError {
  code: string;
  message: string;
  details: unknown;
}

const OFFLINE: ShownError = {
  code: "unreachable",
  message: "The server could not be reached. Check the connection and try again.",
  details: undefined,
};

const text = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);

/** What the server said of an error, for showing. Reads it defensively: it crossed the network. */
export const shownError = (error: unknown): ShownError => {
  if (!(error instanceof TRPCClientError)) return OFFLINE;
  const data: unknown = error.data;
  if (typeof data !== "object" || data === null || !("creel" in data)) return OFFLINE;
  const { creel } = data;
  if (typeof creel !== "object" || creel === null) return OFFLINE;
  const fields: Record<string, unknown> = { ...creel };
  return {
    code: text(fields.code, "internal"),
    message: text(fields.message, OFFLINE.message),
    details: fields.details,
  };
};

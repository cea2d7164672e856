import { defaultShouldDehydrateQuery, QueryClient } from "@tanstack/react-query";
import superjson from "superjson";

/** A heartbeat changes nothing but "last heard" and so wakes no page; pages that show it ask at this pace. */
export const HEARD = { refetchInterval: 10_000 } as const;

/** What the live stream says has changed is asked again at once; this is only how long an answer counts as fresh besides. */
const STALE_MS = 30_000;

/** On the server nobody waits for a second attempt: the browser makes it. */
const onServer = typeof window === "undefined";

const isRefusal = (error: unknown): boolean => {
  const status = statusOf(error);
  return status !== null && status < 500;
};

const statusOf = (error: unknown): number | null => {
  if (typeof error !== "object" || error === null || !("data" in error)) return null;
  const { data } = error;
  return typeof data === "object" && data !== null && "httpStatus" in data ? Number(data.httpStatus) : null;
};

/** A refusal (4xx) does not get better by asking again; a failure may, twice. */
export const makeQueryClient = (): QueryClient =>
  new QueryClient({
    defaultOptions: {
      queries: { staleTime: STALE_MS, retry: (count, error) => !onServer && !isRefusal(error) && count < 2 },
      dehydrate: {
        serializeData: superjson.serialize,
        shouldDehydrateQuery: (query) => defaultShouldDehydrateQuery(query) || query.state.status === "pending",
        // The browser must not learn why; it asks again and gets the public text.
        shouldRedactErrors: () => true,
      },
      hydrate: { deserializeData: superjson.deserialize },
    },
  });

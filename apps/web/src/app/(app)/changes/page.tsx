import type { Metadata } from "next";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Changes } from "./changes.tsx";
import { showOf } from "./show.ts";

export const metadata: Metadata = { title: "Changes" };

const ChangesPage = async ({
  searchParams,
}: {
  searchParams: Promise<Record<string, string | string[] | undefined>>;
}) => {
  const show = showOf((await searchParams).show);
  return (
    <Permitted to="change" what="changes">
      <Prefetched
        load={(trpc, client) => [client.fetchQuery(trpc.change.list.queryOptions(show === "all" ? {} : { show }))]}
      >
        <Changes show={show} />
      </Prefetched>
    </Permitted>
  );
};
export default ChangesPage;

import { auditActions } from "@creel/core";
import type { Metadata } from "next";
import { one, oneId, oneOf, type PageParams } from "../../../lib/params.ts";
import { Prefetched } from "../../../server/trpc/page.tsx";
import { Permitted } from "../../../ui/permitted.tsx";
import { Audit } from "./audit.tsx";

export const metadata: Metadata = { title: "Audit" };

/** As long as the verb takes it. */
const FILTER_CHARS_MAX = 256;

const AuditPage = async ({ searchParams }: { searchParams: PageParams }) => {
  const given = await searchParams;
  const input = {
    before: oneId(given.before),
    action: oneOf(given.action, auditActions),
    actor: one(given.actor)?.slice(0, FILTER_CHARS_MAX),
    resource: one(given.resource)?.slice(0, FILTER_CHARS_MAX),
  };
  return (
    <Permitted to="audit" what="the audit trail">
      <Prefetched load={(trpc, client) => [client.fetchQuery(trpc.audit.list.queryOptions(input))]}>
        <Audit input={input} actions={auditActions} />
      </Prefetched>
    </Permitted>
  );
};
export default AuditPage;

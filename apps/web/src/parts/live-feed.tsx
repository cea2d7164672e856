"use client";
import type { DecisionView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useLive } from "../client/live.tsx";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";
import { Button } from "../ui/button.tsx";
import { TextLink } from "../ui/link.tsx";
import { useNow } from "../ui/now.tsx";
import { Panel } from "../ui/panel.tsx";
import { Answer } from "../ui/query.tsx";
import { Empty } from "../ui/states.tsx";
import { DecisionTable } from "./decision-table.tsx";

const ROWS_SHOWN = 25;

const merge = (live: readonly DecisionView[], loaded: readonly DecisionView[]): DecisionView[] => {
  const byCursor = new Map([...loaded, ...live].map((item) => [item.cursor, item]));
  return [...byCursor.values()].sort((a, b) => b.cursor - a.cursor).slice(0, ROWS_SHOWN);
};

/** Says how old the picture is, so that a quiet feed and a dead one look different. */
export const Freshness = () => {
  const { connection, heardAt } = useLive();
  const now = useNow();
  const seconds = heardAt === null || now === null ? null : Math.max(0, Math.round((now - heardAt) / 1000));
  if (connection === "connecting") return <span className="text-muted">Connecting…</span>;
  if (connection === "lost")
    return (
      <span role="status" className="font-medium text-wait">
        Connection lost, coming back{seconds === null ? "" : ` · as of ${seconds} s ago`}
      </span>
    );
  return <span className="text-muted">Live{seconds === null ? "" : ` · as of ${seconds} s ago`}</span>;
};

/** The decisions as they are made. Pausing freezes the rows for reading; nothing is lost, it counts what waits. */
export const LiveFeed = ({ sandboxId }: { sandboxId?: string }) => {
  const trpc = useTRPC();
  const live = useLive();
  const [frozen, setFrozen] = useState<readonly DecisionView[] | null>(null);
  const query = useQuery(trpc.decision.list.queryOptions({ limit: ROWS_SHOWN, ...(sandboxId ? { sandboxId } : {}) }));
  const mine = useMemo(
    () => (sandboxId ? live.decisions.filter((item) => item.sandboxId === sandboxId) : live.decisions),
    [live.decisions, sandboxId],
  );
  const rows = useMemo(() => merge(mine, query.data?.items ?? []), [mine, query.data]);
  const newestFrozen = frozen?.[0]?.cursor ?? 0;
  const waiting = frozen === null ? 0 : rows.filter((row) => row.cursor > newestFrozen).length;

  return (
    <Panel
      title={sandboxId ? "Decisions" : "Live decisions"}
      flush
      actions={
        <div className="flex flex-wrap items-center gap-2">
          <Freshness />
          <Button onClick={() => setFrozen(frozen === null ? rows : null)} aria-pressed={frozen !== null}>
            {frozen === null
              ? "Pause"
              : `Resume${waiting > 0 ? ` (${waiting === ROWS_SHOWN ? `${waiting}+` : waiting} new)` : ""}`}
          </Button>
          <TextLink href={paths.decisions({ sandboxId })}>All decisions</TextLink>
        </div>
      }
    >
      <Answer query={query} what="decisions">
        {() => (
          <DecisionTable
            caption="Newest decisions"
            rows={frozen ?? rows}
            oneSandbox={sandboxId !== undefined}
            empty={
              <Empty title="No decision yet">
                As soon as an agent asks for a name, a connection or a page, the decision appears here by itself.
              </Empty>
            }
          />
        )}
      </Answer>
    </Panel>
  );
};

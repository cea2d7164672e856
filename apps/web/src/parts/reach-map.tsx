"use client";
import type { ReachedHost, SandboxView } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";
import { CountLink, TextLink } from "../ui/link.tsx";
import { Mono, Panel } from "../ui/panel.tsx";
import { Answer } from "../ui/query.tsx";
import { Empty } from "../ui/states.tsx";

/** More rows than this is no longer a picture; the decisions page has them all. */
const ROWS_SHOWN = 12;
const ROW_PX = 44;
const LINES_PX = 72;

type Verdict = "reached" | "both" | "denied";
const verdictOf = (host: ReachedHost): Verdict => {
  if (host.allow === 0) return "denied";
  return host.deny + host.would_deny === 0 ? "reached" : "both";
};
const rank: Record<Verdict, number> = { reached: 0, both: 1, denied: 2 };
const stroke: Record<Verdict, string> = {
  reached: "var(--allow-fill)",
  both: "var(--would-fill)",
  denied: "var(--deny-fill)",
};

/** Lines from the sandbox to its hosts: whole where something got through, broken and barred where nothing did. */
const Lines = ({ hosts }: { hosts: readonly ReachedHost[] }) => {
  const height = hosts.length * ROW_PX;
  const middle = height / 2;
  return (
    <svg
      aria-hidden
      width={LINES_PX}
      height={height}
      viewBox={`0 0 ${LINES_PX} ${height}`}
      className="shrink-0 max-sm:hidden"
    >
      {hosts.map((host, at) => {
        const verdict = verdictOf(host);
        const y = at * ROW_PX + ROW_PX / 2;
        const end = verdict === "denied" ? LINES_PX - 12 : LINES_PX;
        return (
          <g key={`${host.host}:${host.port}`} stroke={stroke[verdict]} fill="none" strokeWidth={1.5}>
            <path
              d={`M0 ${middle} C ${LINES_PX / 2} ${middle}, ${LINES_PX / 2} ${y}, ${end} ${y}`}
              strokeDasharray={verdict === "denied" ? "3 3" : undefined}
            />
            {verdict === "denied" ? <path d={`M${end} ${y - 6} V${y + 6}`} strokeWidth={2.5} /> : null}
          </g>
        );
      })}
    </svg>
  );
};

const HostRow = ({ host, sandboxId }: { host: ReachedHost; sandboxId: string }) => {
  const verdict = verdictOf(host);
  const counts = [
    { count: host.allow, text: "allowed", decision: "allow" },
    { count: host.deny, text: "denied", decision: "deny" },
    { count: host.would_deny, text: "would deny", decision: "would_deny" },
  ].filter((item) => item.count > 0);
  return (
    <li className="flex min-w-0 items-center" style={{ height: ROW_PX }}>
      <div
        className={clsx(
          "flex w-full min-w-0 items-center justify-between gap-2 rounded border px-2 py-1",
          verdict === "reached" && "border-allow/40",
          verdict === "both" && "border-would/50",
          verdict === "denied" && "border-dashed border-deny/60",
        )}
      >
        <Mono className="truncate">
          {host.host}
          {host.port === 443 ? "" : `:${host.port}`}
        </Mono>
        <span className="flex shrink-0 gap-2">
          {counts.map((item) => (
            <CountLink
              key={item.decision}
              count={item.count}
              one={item.text}
              many={item.text}
              href={paths.decisions({ sandboxId, decision: item.decision })}
            />
          ))}
        </span>
      </div>
    </li>
  );
};

/** What this agent asked for and got: one look instead of a thousand rows. */
export const ReachMap = ({ sandbox }: { sandbox: SandboxView }) => {
  const trpc = useTRPC();
  const query = useQuery(trpc.decision.reach.queryOptions({ sandboxId: sandbox.id }));
  return (
    <Panel title="Reach" actions={<TextLink href={paths.policy(sandbox.policyId)}>What the policy allows</TextLink>}>
      <Answer query={query} what="the hosts">
        {({ hosts }) => {
          const sorted = [...hosts].sort((a, b) => rank[verdictOf(a)] - rank[verdictOf(b)] || b.allow - a.allow);
          const shown = sorted.slice(0, ROWS_SHOWN);
          const count = (verdict: Verdict) => sorted.filter((host) => verdictOf(host) === verdict).length;
          if (shown.length === 0)
            return (
              <Empty title="It has not asked for anything yet">Hosts appear here with its first connection.</Empty>
            );
          return (
            <>
              <p className="mb-2 text-muted">
                Reached {count("reached")}, partly denied {count("both")}, never reached {count("denied")}.
                {sorted.length > ROWS_SHOWN ? ` The first ${ROWS_SHOWN} are drawn.` : ""}
              </p>
              <div className="flex items-center">
                <div className="max-w-28 shrink-0 truncate rounded border border-line-strong px-2 py-1 font-medium max-sm:hidden">
                  {sandbox.name}
                </div>
                <Lines hosts={shown} />
                <ul aria-label={`Hosts that ${sandbox.name} asked for`} className="min-w-0 flex-1">
                  {shown.map((host) => (
                    <HostRow key={`${host.host}:${host.port}`} host={host} sandboxId={sandbox.id} />
                  ))}
                </ul>
              </div>
            </>
          );
        }}
      </Answer>
    </Panel>
  );
};

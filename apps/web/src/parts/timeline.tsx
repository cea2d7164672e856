"use client";
import type { TimelineBucket } from "@creel/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { Bar, BarChart, CartesianGrid, ResponsiveContainer, Tooltip, XAxis, YAxis } from "recharts";
import { useTRPC } from "../client/trpc.ts";
import { paths } from "../lib/paths.ts";
import { CountLink } from "../ui/link.tsx";
import { Panel } from "../ui/panel.tsx";
import { Answer } from "../ui/query.tsx";

const windows = [
  { minutes: 60, text: "Last hour" },
  { minutes: 24 * 60, text: "Last day" },
  { minutes: 7 * 24 * 60, text: "Last week" },
] as const;

const series = [
  { key: "allow", text: "allowed", fill: "var(--allow-fill)" },
  { key: "deny", text: "denied", fill: "var(--deny-fill)" },
  { key: "would_deny", text: "would deny", fill: "var(--would-fill)" },
] as const;

const clock = (iso: string, long: boolean): string => (long ? iso.slice(5, 16).replace("T", " ") : iso.slice(11, 16));
const sum = (buckets: readonly TimelineBucket[], key: "allow" | "deny" | "would_deny") =>
  buckets.reduce((total, bucket) => total + bucket[key], 0);

const Totals = ({ buckets, sandboxId }: { buckets: readonly TimelineBucket[]; sandboxId: string | undefined }) => (
  <ul className="mb-2 flex flex-wrap gap-x-5 gap-y-1">
    {series.map((item) => (
      <li key={item.key} className="flex items-center gap-1.5">
        <span aria-hidden className="inline-block size-2.5 rounded-[2px]" style={{ background: item.fill }} />
        <CountLink
          count={sum(buckets, item.key)}
          one={item.text}
          many={item.text}
          href={paths.decisions({ sandboxId, decision: item.key })}
        />
      </li>
    ))}
  </ul>
);

/** The same figures in words and rows, for who cannot or would rather not read the picture. */
const AsTable = ({ buckets, long }: { buckets: readonly TimelineBucket[]; long: boolean }) => {
  const busy = buckets.filter((bucket) => bucket.allow + bucket.deny + bucket.would_deny > 0);
  return (
    <details className="mt-1">
      <summary className="text-muted">Show as a table</summary>
      <div className="mt-1 max-h-60 overflow-auto">
        <table className="w-full">
          <caption className="sr-only">Decisions over time, periods without any left out</caption>
          <thead>
            <tr className="text-left text-muted">
              <th scope="col">From (UTC)</th>
              {series.map((item) => (
                <th key={item.key} scope="col" className="text-right font-medium">
                  {item.text}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {busy.map((bucket) => (
              <tr key={bucket.at}>
                <td>{clock(bucket.at, long)}</td>
                {series.map((item) => (
                  <td key={item.key} className="text-right">
                    {bucket[item.key]}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  );
};

const Chart = ({ buckets, long }: { buckets: readonly TimelineBucket[]; long: boolean }) => {
  const data = useMemo(() => buckets.map((bucket) => ({ ...bucket, label: clock(bucket.at, long) })), [buckets, long]);
  return (
    <div className="h-44 w-full" aria-hidden>
      <ResponsiveContainer width="100%" height="100%" initialDimension={{ width: 600, height: 176 }}>
        <BarChart
          data={data}
          accessibilityLayer={false}
          margin={{ top: 4, right: 4, bottom: 0, left: -18 }}
          barCategoryGap={1}
        >
          <CartesianGrid vertical={false} stroke="var(--line)" />
          <XAxis
            dataKey="label"
            tick={{ fill: "var(--muted)", fontSize: 11 }}
            tickLine={false}
            axisLine={{ stroke: "var(--line-strong)" }}
            minTickGap={36}
          />
          <YAxis
            allowDecimals={false}
            tick={{ fill: "var(--muted)", fontSize: 11 }}
            tickLine={false}
            axisLine={false}
          />
          <Tooltip
            cursor={{ fill: "var(--sunken)" }}
            contentStyle={{ background: "var(--panel)", border: "1px solid var(--line)", borderRadius: 4 }}
            labelStyle={{ color: "var(--muted)" }}
            itemStyle={{ color: "var(--text)" }}
          />
          {series.map((item) => (
            <Bar
              key={item.key}
              dataKey={item.key}
              name={item.text}
              stackId="decisions"
              fill={item.fill}
              isAnimationActive={false}
            />
          ))}
        </BarChart>
      </ResponsiveContainer>
    </div>
  );
};

export const Timeline = ({ sandboxId }: { sandboxId?: string }) => {
  const trpc = useTRPC();
  const [windowMinutes, setWindowMinutes] = useState<number>(windows[0].minutes);
  const query = useQuery(trpc.decision.timeline.queryOptions({ windowMinutes, ...(sandboxId ? { sandboxId } : {}) }));
  const long = windowMinutes > 60;
  return (
    <Panel
      title="Decisions over time"
      actions={
        <select
          aria-label="Period"
          value={windowMinutes}
          onChange={(event) => setWindowMinutes(Number(event.target.value))}
          className="min-h-8 rounded border border-line bg-panel px-1"
        >
          {windows.map((item) => (
            <option key={item.minutes} value={item.minutes}>
              {item.text}
            </option>
          ))}
        </select>
      }
    >
      <Answer query={query} what="the chart">
        {({ buckets }) => (
          <>
            <Totals buckets={buckets} sandboxId={sandboxId} />
            <Chart buckets={buckets} long={long} />
            <AsTable buckets={buckets} long={long} />
          </>
        )}
      </Answer>
    </Panel>
  );
};

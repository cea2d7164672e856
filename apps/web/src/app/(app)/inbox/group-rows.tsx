"use client";
import type { DeniedGroup } from "@creel/core";
import { visible } from "@creel/policy/visible";
import { paths } from "../../../lib/paths.ts";
import { TextLink } from "../../../ui/link.tsx";
import { Mono } from "../../../ui/panel.tsx";
import { Time } from "../../../ui/time.tsx";
import { Trend } from "./trend.tsx";

const NAMED_MAX = 3;

const Sandboxes = ({ group }: { group: DeniedGroup }) => {
  const shown = group.sandboxes.slice(0, NAMED_MAX);
  const more = group.sandboxCount - shown.length;
  return (
    <>
      {shown.map(({ id, name }, place) => (
        <span key={id}>
          {place > 0 ? ", " : null}
          <TextLink href={paths.sandbox(id)}>{name}</TextLink>
        </span>
      ))}
      {more > 0 ? <span className="text-muted"> and {more} more</span> : null}
    </>
  );
};

const Asked = ({ group }: { group: DeniedGroup }) => (
  <>
    {group.others ? <div>Other things, each different; the newest:</div> : null}
    <TextLink href={paths.decision(group.decisionId)}>
      <Mono>
        {group.method ?? "connect"} {group.host}:{group.port}
        {group.pathPattern ?? ""}
      </Mono>
    </TextLink>
    <div className="text-muted">
      by <Mono>{group.binary ?? "an unknown program"}</Mono>
    </div>
    <div className="text-muted">
      {visible(group.mark?.kind === "dismissed" ? `${group.mark.by}: ${group.mark.reason}` : group.reason)}
    </div>
    {group.notAllowable === null || group.mark?.kind === "dismissed" ? null : (
      <div className="text-muted">Cannot be allowed here: {group.notAllowable}</div>
    )}
  </>
);

const HEADERS = ["Denied request", "Times", "Trend", "Last", "Sandboxes"] as const;

/** Groups as rows with a box each: the box is what the keyboard moves between. */
export const GroupRows = (props: {
  groups: readonly DeniedGroup[];
  selected: ReadonlySet<string>;
  onSelect: (key: string) => void;
  /** Of the group whose row has the focus; a key acts on it, so it is marked also while the focus is elsewhere. */
  current: string | null;
  onFocus: (key: string) => void;
}) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
  <section className="relative overflow-x-auto" tabIndex={0} aria-label="Denied requests, table">
    <table className="w-full border-collapse">
      <caption className="sr-only">Denied requests</caption>
      <thead>
        <tr className="border-b border-line text-left text-muted">
          <th scope="col" className="px-3 py-1.5">
            <span className="sr-only">Selected</span>
          </th>
          {HEADERS.map((text) => (
            <th key={text} scope="col" className={`px-3 py-1.5 font-medium whitespace-nowrap ${wide(text)}`}>
              {text}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.groups.map((group) => (
          <tr
            key={group.key}
            onFocus={() => props.onFocus(group.key)}
            className={`border-b border-line align-top last:border-b-0 focus-within:bg-sunken hover:bg-sunken/60 ${group.key === props.current ? "bg-sunken" : ""}`}
          >
            <td className="px-3 py-1.5">
              <input
                type="checkbox"
                data-group={group.key}
                checked={props.selected.has(group.key)}
                onChange={() => props.onSelect(group.key)}
                aria-label={visible(
                  `Select ${group.method ?? "connect"} ${group.host}:${group.port}${group.pathPattern ?? ""}`,
                )}
                className="mt-0.5 size-4 accent-(--accent)"
              />
            </td>
            <td className="max-w-md px-3 py-1.5">
              <Asked group={group} />
            </td>
            <td className="px-3 py-1.5 tabular-nums">{group.count.toLocaleString("en")}</td>
            <td className={`px-3 py-1.5 ${wide("Trend")}`}>
              <Trend counts={group.trend} />
            </td>
            <td className="px-3 py-1.5">
              <Time at={group.lastAt} />
              <div className="text-muted">
                first <Time at={group.firstAt} />
              </div>
            </td>
            <td className={`px-3 py-1.5 ${wide("Sandboxes")}`}>
              <Sandboxes group={group} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </section>
);
const wide = (text: string): string => (text === "Trend" || text === "Sandboxes" ? "max-md:hidden" : "");

"use client";
import { useNow } from "./now.tsx";

const units: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "narrow" });

/** What is to come is rounded: whatever was asked for seven days says so, and not that it ends in six. */
const whole = (count: number): number => (count < 0 ? Math.round(count) : Math.trunc(count));

const ago = (seconds: number): string => {
  for (const [unit, size] of units) if (Math.abs(seconds) >= size) return relative.format(-whole(seconds / size), unit);
  return "now";
};

const stamp = (iso: string): string => iso.replace("T", " ").replace(/(\.\d{3})?\d*Z$/, "$1 UTC");

/** The one way a time is shown. Relative for the eye, exact on hover and for machines; always UTC so that two people read one time. */
export const Time = ({ at, exact = false }: { at: string | null | undefined; exact?: boolean }) => {
  const now = useNow();
  if (!at) return <span className="text-muted">never</span>;
  const iso = new Date(at).toISOString();
  const text = exact || now === null ? stamp(iso).replace(/\.\d+/, "") : ago((now - Date.parse(iso)) / 1000);
  return (
    <time dateTime={iso} title={stamp(iso)} className={exact ? "md:whitespace-nowrap" : "whitespace-nowrap"}>
      {text}
    </time>
  );
};

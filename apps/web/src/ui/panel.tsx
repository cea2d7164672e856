import clsx from "clsx";
import { type ReactNode, useId } from "react";
import { said } from "./said.tsx";

/** A titled region; the title names it for screen readers. */
export const Panel = (props: {
  title: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
}) => {
  const headingId = useId();
  return (
    <section
      aria-labelledby={headingId}
      className={clsx("min-w-0 rounded-md border border-line bg-panel", props.className)}
    >
      <div className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-3 py-1.5">
        <h2 id={headingId} className="font-semibold">
          {props.title}
        </h2>
        {props.actions}
      </div>
      <div className={props.flush ? "" : "p-3"}>{props.children}</div>
    </section>
  );
};

export const PageHeader = (props: { title: ReactNode; trail?: ReactNode; lead?: ReactNode; actions?: ReactNode }) => (
  <header className="mb-4 flex flex-wrap items-start justify-between gap-3">
    <div className="min-w-0">
      {props.trail ? <p className="mb-0.5 text-muted">{props.trail}</p> : null}
      <h1 className="text-[1.45rem] leading-tight font-semibold break-words">{props.title}</h1>
      {props.lead ? <p className="mt-1 max-w-3xl text-muted">{props.lead}</p> : null}
    </div>
    {props.actions ? <div className="flex flex-wrap items-start gap-2">{props.actions}</div> : null}
  </header>
);

/** Pairs of name and value; one column on a phone. */
export const Facts = ({ items }: { items: readonly { term: string; value: ReactNode }[] }) => (
  <dl className="grid grid-cols-[minmax(5.5rem,max-content)_minmax(0,1fr)] gap-x-4 gap-y-2 sm:gap-x-6">
    {items.map((item) => (
      <div key={item.term} className="contents">
        <dt className="text-muted">{item.term}</dt>
        <dd className="min-w-0 break-words">{item.value}</dd>
      </div>
    ))}
  </dl>
);

/** What a machine said, verbatim but for what nobody would see; whatever its direction, what stands beside it keeps its own. */
export const Mono = ({ children, className }: { children: ReactNode; className?: string }) => (
  <code className={clsx("[overflow-wrap:anywhere] [unicode-bidi:isolate]", className)}>{said(children)}</code>
);

const DIGEST_DIGITS_SHOWN = 10;

/** Enough of a digest to tell two apart in a table; never broken over lines, whole when pointed at. */
export const ShortDigest = ({ digest }: { digest: string }) => (
  <code className="whitespace-nowrap" title={digest}>
    {digest.replace("sha256:", "").slice(0, DIGEST_DIGITS_SHOWN)}
  </code>
);

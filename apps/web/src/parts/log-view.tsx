"use client";
import { useEffect, useMemo, useRef, useState } from "react";
import { useLog } from "../client/use-log.ts";
import { Panel } from "../ui/panel.tsx";
import { Empty, Failed, Loading } from "../ui/states.tsx";
import { logText } from "./log-text.ts";

/** Nearer to the end than this counts as reading the end, so the log keeps following. */
const NEAR_END_PX = 24;

/** What the agent printed. It is a stranger's text: shown as text only, its terminal codes taken out. */
export const LogView = ({ sandboxId }: { sandboxId: string }) => {
  const log = useLog(sandboxId);
  const [follow, setFollow] = useState(true);
  const box = useRef<HTMLPreElement>(null);
  const text = useMemo(() => logText(log.chunks), [log.chunks]);

  useEffect(() => {
    if (follow && text !== "" && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, text]);

  const content = () => {
    if (text !== "")
      return (
        <pre
          ref={box}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
          tabIndex={0}
          role="log"
          aria-label="Log of the sandbox"
          aria-live="off"
          onScroll={(event) => {
            const { scrollTop, clientHeight, scrollHeight } = event.currentTarget;
            setFollow(scrollHeight - scrollTop - clientHeight < NEAR_END_PX);
          }}
          className="h-80 overflow-auto rounded-b-md bg-sunken px-3 py-2 leading-snug whitespace-pre-wrap [overflow-wrap:anywhere]"
        >
          {text}
        </pre>
      );
    if (log.error) return <Failed message={log.error} />;
    if (!log.loaded) return <Loading what="the log" />;
    return <Empty title="No output yet">What the agent prints appears here by itself.</Empty>;
  };

  return (
    <Panel
      title="Log"
      flush
      actions={
        <label className="flex items-center gap-1.5 text-muted">
          <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />
          Follow the end
        </label>
      }
    >
      {content()}
    </Panel>
  );
};

"use client";
import type { DeniedGroup, inbox } from "@creel/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useRefusalOf } from "../../../client/me.tsx";
import { useTRPC } from "../../../client/trpc.ts";
import { paths } from "../../../lib/paths.ts";
import { ActionBar } from "../../../ui/action-bar.tsx";
import { TextLink } from "../../../ui/link.tsx";
import { PageHeader, Panel } from "../../../ui/panel.tsx";
import { Answer } from "../../../ui/query.tsx";
import { type Cursor, cursorOn, landing, meantBy, moved } from "./cursor.ts";
import { DismissDialog } from "./dismiss-dialog.tsx";
import { ExceptionsPanel } from "./exceptions-panel.tsx";
import { GroupRows } from "./group-rows.tsx";
import { type Act, acts, isTyping, moves, pressed } from "./keys.ts";
import { NoGroups } from "./no-groups.tsx";
import { Outcome } from "./outcome.tsx";
import { Pager, type Pages, usePages } from "./pager.tsx";
import { RequestsPanel } from "./requests-panel.tsx";
import { useActs } from "./use-acts.ts";

interface Input {
  sandboxId?: string | undefined;
  show: "open" | "dismissed";
}
/** What is cleared here is fetched again at once; what others do, this often. */
const REFETCH_MS = 15_000;

export const Inbox = ({ input }: { input: Input }) => {
  const trpc = useTRPC();
  const pagesOf = usePages();
  const { after } = pagesOf(null);
  const query = useQuery(
    trpc.inbox.list.queryOptions(after === undefined ? input : { ...input, after }, {
      placeholderData: keepPreviousData,
      refetchInterval: REFETCH_MS,
    }),
  );
  return (
    <>
      <PageHeader
        title="Inbox"
        lead="What agents asked for and were denied, in groups. Whatever you allow here ends by itself, on the node too; what should last becomes a rule."
        actions={
          input.show === "open" ? (
            <TextLink href={paths.inbox({ ...input, show: "dismissed" })}>Denied for good</TextLink>
          ) : (
            <TextLink href={paths.inbox({ ...input, show: undefined })}>Back to the inbox</TextLink>
          )
        }
      />
      {input.show === "open" ? <RequestsPanel /> : null}
      <Answer query={query} what="denied requests">
        {(page) => (
          <Groups
            input={input}
            page={page}
            pages={pagesOf(query.isPlaceholderData ? null : page.next)}
            turning={query.isPlaceholderData}
          />
        )}
      </Answer>
      <ExceptionsPanel />
    </>
  );
};

/** All pages together; what is not counted is said to be there. */
function titleOf(input: Input, { total, more, next }: inbox.InboxPage): string {
  const count = `${total.toLocaleString("en")}${more && next === null ? " and more" : ""}`;
  return input.show === "open" ? `${count} to look at` : `${count} denied for good`;
}

interface GroupsProps {
  input: Input;
  page: inbox.InboxPage;
  pages: Pages;
  /** Another page is on its way, and this one is still shown. */
  turning: boolean;
}

const Groups = ({ input, page, pages, turning }: GroupsProps) => {
  const groups = page.items;
  const router = useRouter();
  const doing = useActs(input);
  const busy = doing.busy || turning;
  const box = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<Cursor | null>(null);
  const standsOn = useRef<string | null>(null);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [dismissing, setDismissing] = useState<readonly DeniedGroup[] | null>(null);
  const refusals = { grant: useRefusalOf("propose", "exception"), dismiss: useRefusalOf("create", "exception") };
  const rules = useRefusalOf("propose", "policy");

  const chosen = groups.filter(({ key }) => selected.has(key));
  const meant = meantBy(groups, { selected, cursor });
  const gone = "What you selected is no longer here. Press Escape and choose anew.";
  const nothing = meant.length > 0 ? null : selected.size > 0 ? gone : "Choose a request first.";
  const why = (act: Act): string | null => {
    if (act === "dismiss") return refusals.dismiss ?? nothing;
    if (act === "rule") return rules ?? nothing ?? (meant.length > 1 ? "A rule is written for one request." : null);
    return refusals.grant ?? nothing ?? (meant.length === 1 ? (meant[0]?.notAllowable ?? null) : null);
  };
  const standOn = (to: Cursor | null) => {
    standsOn.current = to?.key ?? null;
    setCursor(to);
  };
  const focusOn = (to: Cursor | null) => {
    if (to === null) return;
    standOn(to);
    box.current?.querySelector<HTMLInputElement>(`input[data-group="${CSS.escape(to.key)}"]`)?.focus();
  };
  const after = async (work: Promise<ReadonlySet<string>>) => {
    const gone = await work;
    setSelected(new Set());
    // By the list as it was when this began. Whoever has gone elsewhere since stays there.
    if (standsOn.current === (cursor?.key ?? null))
      requestAnimationFrame(() => focusOn(landing(groups, { cursor, gone })));
  };
  const toggle = (key: string) =>
    setSelected((before) => {
      const next = new Set(before);
      if (!next.delete(key)) next.add(key);
      return next;
    });
  /** The first row of the page that comes, once it is there. */
  const awaitsPage = useRef(false);
  const turn = (by: 1 | -1) => {
    if (busy || !pages.has(by)) return;
    setSelected(new Set());
    standOn(null);
    awaitsPage.current = true;
    pages.turn(by);
  };
  const onPage = useEffectEvent(() => {
    if (turning || !awaitsPage.current) return;
    awaitsPage.current = false;
    focusOn(moved(groups, null, 1));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a page that has come is what this waits for.
  useEffect(() => onPage(), [pages.at, turning]);
  const start = (act: Act) => {
    if (busy || why(act) !== null) return;
    if (act === "dismiss") setDismissing(meant);
    else if (act === "rule") router.push(paths.decision(meant[0]?.decisionId ?? "", { propose: "allow" }));
    else void after(doing.grant(meant, act));
  };
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    const meaning = pressed({ ...modifiers(event), typing: dismissing !== null || isTyping(event.target) });
    // The browser presses a button again and again while Enter is held on it.
    if (event.repeat && event.key === "Enter" && event.target instanceof HTMLButtonElement) event.preventDefault();
    if (meaning === null) return;
    event.preventDefault();
    if ("page" in meaning) turn(meaning.page);
    else if ("move" in meaning) focusOn(moved(groups, cursor, meaning.move));
    else if ("act" in meaning) {
      if (input.show === "open") start(meaning.act);
    } else if (meaning.select === "one") {
      if (cursor !== null && cursorOn(groups, cursor.key) !== null) toggle(cursor.key);
    } else if (meaning.select === "all") setSelected(new Set(groups.map(({ key }) => key)));
    else if (meaning.select === "none") setSelected(new Set());
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => onKey(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);

  return (
    <Panel
      title={titleOf(input, page)}
      flush
      actions={
        <span className="text-muted" role="status">
          {[pages.at > 1 ? `Page ${pages.at}` : "", chosen.length > 0 ? `${chosen.length} selected` : ""]
            .filter((part) => part !== "")
            .join(", ")}
        </span>
      }
    >
      {groups.length === 0 ? (
        <NoGroups show={input.show} pages={pages} turn={turn} />
      ) : (
        <div ref={box}>
          <div className="border-b border-line px-3 py-2">
            {input.show === "open" ? (
              <ActionBar
                busy={busy}
                ready={`Acts on ${selected.size > 0 ? "what is selected" : "the request that is marked"} below.`}
                actions={acts.map(({ act, key, text }) => ({
                  name: text,
                  shortcut: key,
                  refusal: why(act),
                  onPress: () => start(act),
                }))}
              />
            ) : (
              <ActionBar
                busy={busy}
                actions={[
                  {
                    name: "Show again",
                    refusal: refusals.dismiss ?? nothing,
                    onPress: () => void after(doing.restore(meant)),
                  },
                ]}
              />
            )}
          </div>
          <Outcome done={doing.done} />
          <GroupRows
            groups={groups}
            selected={selected}
            onSelect={toggle}
            current={cursor?.key ?? null}
            onFocus={(key) => standOn(cursorOn(groups, key))}
          />
          <Pager pages={pages} turn={turn} />
          <p className="border-t border-line px-3 py-2 text-muted">
            Keys:{" "}
            {moves.map(({ key, text }, at) => (
              <span key={key}>
                {at > 0 ? ", " : null}
                <kbd>{key}</kbd> {text}
              </span>
            ))}
          </p>
        </div>
      )}
      {dismissing === null ? null : (
        <DismissDialog
          count={dismissing.length}
          busy={doing.busy}
          ruleRefusal={denyRuleRefusal(dismissing, rules)}
          onRule={(reason) => router.push(paths.decision(dismissing[0]?.decisionId ?? "", { propose: "deny", reason }))}
          onClose={() => setDismissing(null)}
          onDismiss={(reason) => {
            const groupsThen = dismissing;
            const work = doing.dismiss(groupsThen, reason);
            void after(work.finally(() => setDismissing(null)));
          }}
        />
      )}
    </Panel>
  );
};

/** A deny rule is written for one request that was read. */
function denyRuleRefusal([group, ...more]: readonly DeniedGroup[], right: string | null): string | null {
  if (right !== null) return right;
  if (more.length > 0 || group === undefined || group.others) return "A rule is written for one request.";
  if (group.binary === null) return "Nobody vouched for the program, so no rule can name it.";
  return group.method === null ? "Nobody read this connection, and a deny rule judges requests." : null;
}

const modifiers = ({ key, ctrlKey, metaKey, altKey, repeat }: KeyboardEvent) => ({
  key,
  ctrlKey,
  metaKey,
  altKey,
  repeat,
});

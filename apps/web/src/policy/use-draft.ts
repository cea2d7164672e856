"use client";
import { useEffect, useRef, useState } from "react";
import {
  type Draft,
  type DraftKey,
  draftOf,
  isChanged,
  isOvertaken,
  keepDraft,
  keptDraft,
  type SavedText,
  withNewest,
  withSaved,
} from "./draft.ts";

/** The text of a policy while it is written. It survives leaving the page within the tab; closing the tab asks first. */
export function useDraft(given: { actorId: string; policyId: string; newest: SavedText; mayEdit: boolean }) {
  const { actorId, policyId, newest, mayEdit } = given;
  const [held, setDraft] = useState<Draft>(() => draftOf(newest));
  const [restored, setRestored] = useState(false);
  const draft = withNewest(held, newest);
  if (draft !== held) setDraft(draft);
  const changed = isChanged(draft);

  // Only after the first paint: the server that drew the page knows nothing of this tab.
  const { version, yaml } = newest;
  const looked = useRef(false);
  useEffect(() => {
    if (!mayEdit) return;
    const key: DraftKey = { actorId, policyId };
    if (looked.current) {
      keepDraft(sessionStorage, key, draft);
      return;
    }
    looked.current = true;
    const kept = keptDraft(sessionStorage, key, { version, yaml });
    if (kept === null) return;
    setDraft(kept);
    setRestored(true);
  }, [actorId, policyId, mayEdit, draft, version, yaml]);

  useEffect(() => {
    if (!changed) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [changed]);

  const replaceBy = (next: Draft) => {
    setRestored(false);
    setDraft(next);
  };
  return {
    ...draft,
    changed,
    overtaken: isOvertaken(draft, newest),
    /** What stands here was found again, not just written. */
    restored: restored && changed,
    write: (text: string) => setDraft((before) => ({ ...before, text })),
    discard: () => replaceBy(draftOf(isOvertaken(draft, newest) ? newest : draft.base)),
    saved: (saved: SavedText) => {
      setRestored(false);
      setDraft((before) => withSaved(before, saved));
    },
  };
}

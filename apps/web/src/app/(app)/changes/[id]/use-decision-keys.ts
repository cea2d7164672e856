import { useEffect, useRef } from "react";

interface Keys {
  onKey: (verdict: "approve" | "reject") => void;
  onConfirm: () => void;
  onCancel: () => void;
}

/** What is typed into a field, or meant for a button or a dialog, decides nothing. */
const isElsewhere = (target: EventTarget | null): boolean =>
  target instanceof Element &&
  target.closest("input, textarea, select, button, a, [contenteditable], [role=dialog], [role=alertdialog]") !== null;

/** `a` and `r` ask, Enter confirms, Escape cancels: never one key alone, and never a key that was held down. */
export const useDecisionKeys = (keys: Keys): void => {
  const latest = useRef(keys);
  useEffect(() => {
    latest.current = keys;
  });
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Escape") return latest.current.onCancel();
      if (isElsewhere(event.target)) return;
      if (event.key === "a") latest.current.onKey("approve");
      if (event.key === "r") latest.current.onKey("reject");
      if (event.key === "Enter") latest.current.onConfirm();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, []);
};

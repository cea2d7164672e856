/** What can be done about a group, and the key of each. The list under the table is made of it. */
export const acts = [
  { act: "once", key: "o", text: "Allow once" },
  { act: "hour", key: "h", text: "Allow for an hour" },
  { act: "day", key: "d", text: "Allow for a day" },
  { act: "rule", key: "r", text: "Propose a rule" },
  { act: "dismiss", key: "e", text: "Deny for good" },
] as const;
export type Act = (typeof acts)[number]["act"];
export type Grant = Extract<Act, "once" | "hour" | "day">;

export const moves = [
  { key: "j", text: "next" },
  { key: "k", text: "previous" },
  { key: "x", text: "select" },
  { key: "a", text: "select all" },
  { key: "Escape", text: "select none" },
  { key: "n", text: "next page" },
  { key: "p", text: "page before" },
] as const;

export type Pressed = { act: Act } | { move: 1 | -1 } | { page: 1 | -1 } | { select: "one" | "all" | "none" };

/** What a key means; null where it means nothing, belongs to the browser or to a field, or is held down: once is once. */
export function pressed(event: {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  repeat: boolean;
  typing: boolean;
}): Pressed | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.typing) return null;
  const found = acts.find(({ key }) => key === event.key);
  if (found !== undefined) return { act: found.act };
  if (event.key === "j" || event.key === "ArrowDown") return { move: 1 };
  if (event.key === "k" || event.key === "ArrowUp") return { move: -1 };
  if (event.key === "n") return { page: 1 };
  if (event.key === "p") return { page: -1 };
  if (event.key === "x") return { select: "one" };
  if (event.key === "a") return { select: "all" };
  return event.key === "Escape" ? { select: "none" } : null;
}

/** Is somebody writing where the key was pressed, or is a dialog before the page? */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("[role=dialog]") !== null) return true;
  if (target instanceof HTMLInputElement) return target.type !== "checkbox";
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || target.isContentEditable;
}

"use client";
import { useState } from "react";
import { Button } from "../../../ui/button.tsx";

/** Where somebody is among the pages of the inbox. The first page is read anew each time; the others go on where the one before ended. */
export interface Pages {
  /** 1 is the first. */
  at: number;
  after: string | undefined;
  /** Whether there is a page that way. */
  has: (by: 1 | -1) => boolean;
  turn: (by: 1 | -1) => void;
  toFirst: () => void;
}

/** `next` of the page that is shown; null while it is not there yet, and on the last one. */
export function usePages(): (next: string | null) => Pages {
  const [ends, setEnds] = useState<readonly string[]>([]);
  return (next) => ({
    at: ends.length + 1,
    after: ends.at(-1),
    has: (by) => (by === 1 ? next !== null : ends.length > 0),
    turn: (by) => setEnds((before) => (by === -1 ? before.slice(0, -1) : next === null ? before : [...before, next])),
    toFirst: () => setEnds([]),
  });
}

export const Pager = ({ pages, turn }: { pages: Pages; turn: (by: 1 | -1) => void }) =>
  pages.has(1) || pages.has(-1) ? (
    <nav
      aria-label="Pages of denied requests"
      className="flex flex-wrap items-center gap-2 border-t border-line px-3 py-2"
    >
      {pages.has(-1) ? (
        <Button aria-keyshortcuts="p" onClick={() => turn(-1)}>
          Page before <kbd className="text-muted">p</kbd>
        </Button>
      ) : null}
      {pages.has(1) ? (
        <Button aria-keyshortcuts="n" onClick={() => turn(1)}>
          Next page <kbd className="text-muted">n</kbd>
        </Button>
      ) : null}
    </nav>
  ) : null;

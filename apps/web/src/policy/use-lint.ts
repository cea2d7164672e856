"use client";
import type { PolicyProblem } from "@creel/policy/browser";
import { useEffect, useRef, useState } from "react";
import { askEngine } from "./ask-engine.ts";

/** Short enough to feel live, long enough not to lint every key of a fast typist. */
const PAUSE_MS = 150;

export interface Linted {
  /** The text that the problems are of. */
  text: string;
  problems: readonly PolicyProblem[];
}

/** The problems of a text that is being written, of its newest settled state; null until the first answer. */
export function useLint(text: string): Linted | null {
  const [linted, setLinted] = useState<Linted | null>(null);
  const newest = useRef(text);
  const busy = useRef(false);
  const there = useRef(true);
  useEffect(() => {
    there.current = true;
    return () => {
      there.current = false;
    };
  }, []);
  useEffect(() => {
    newest.current = text;
    // One question at a time: of what is typed meanwhile only the last state is asked for.
    const lint = async (): Promise<void> => {
      if (busy.current || !there.current) return;
      busy.current = true;
      const asked = newest.current;
      const problems = await askEngine("lint", { text: asked, nowMs: Date.now() }).catch(() => null);
      busy.current = false;
      if (problems !== null && there.current) setLinted({ text: asked, problems });
      if (newest.current !== asked) await lint();
    };
    const timer = setTimeout(() => void lint(), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return linted;
}

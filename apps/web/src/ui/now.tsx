"use client";
import { createContext, type ReactNode, use, useEffect, useState } from "react";

/** Relative times move together, once a second, from one timer; null until the page is alive, so that server and browser agree on the first text. */
const TICK_MS = 1_000;
const NowContext = createContext<number | null>(null);

export const NowProvider = ({ children }: { children: ReactNode }) => {
  const [now, setNow] = useState<number | null>(null);
  useEffect(() => {
    setNow(Date.now());
    const timer = setInterval(() => {
      if (!document.hidden) setNow(Date.now());
    }, TICK_MS);
    return () => clearInterval(timer);
  }, []);
  return <NowContext value={now}>{children}</NowContext>;
};

export const useNow = (): number | null => use(NowContext);

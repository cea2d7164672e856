"use client";
import { useState } from "react";
import { THEME_COOKIE, type Theme, themeOf, themes } from "../lib/theme.ts";

const YEAR_SECONDS = 365 * 24 * 60 * 60;

const apply = (theme: Theme): void => {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  // biome-ignore lint/suspicious/noDocumentCookie: the cookie store API is missing in browsers we support.
  document.cookie = `${THEME_COOKIE}=${theme}; path=/; max-age=${YEAR_SECONDS}; samesite=lax`;
};

export const ThemeToggle = ({ initial }: { initial: Theme }) => {
  const [theme, setTheme] = useState(initial);
  return (
    <select
      aria-label="Colour theme"
      value={theme}
      onChange={(event) => {
        const next = themeOf(event.target.value);
        setTheme(next);
        apply(next);
      }}
      className="min-h-8 rounded border border-transparent bg-transparent px-1 text-muted hover:border-line"
    >
      {themes.map((name) => (
        <option key={name} value={name}>
          {name === "system" ? "System" : `${name[0]?.toUpperCase()}${name.slice(1)}`}
        </option>
      ))}
    </select>
  );
};

/** The reader's choice travels in a cookie, so that the first paint is already right and needs no script. */
export const THEME_COOKIE = "creel-theme";
export const themes = ["system", "light", "dark"] as const;
export type Theme = (typeof themes)[number];

export const themeOf = (value: string | undefined): Theme => themes.find((theme) => theme === value) ?? "system";

import type { Metadata, Viewport } from "next";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { THEME_COOKIE, themeOf } from "../lib/theme.ts";
import "./globals.css";

export const metadata: Metadata = {
  title: { template: "%s · Creel", default: "Creel" },
  description: "Fleet control plane for sandboxed AI agents",
  robots: { index: false, follow: false },
};
export const viewport: Viewport = { width: "device-width", initialScale: 1 };

/** Reading the cookie here renders every page per request, which the nonce of the content policy needs anyway. */
const RootLayout = async ({ children }: { children: ReactNode }) => {
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <html lang="en" data-theme={theme === "system" ? undefined : theme}>
      <body>{children}</body>
    </html>
  );
};
export default RootLayout;

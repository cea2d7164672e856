import { org } from "@creel/core";
import { cookies } from "next/headers";
import type { ReactNode } from "react";
import { MeProvider } from "../../client/me.tsx";
import { Providers } from "../../client/providers.tsx";
import { THEME_COOKIE, themeOf } from "../../lib/theme.ts";
import { Told } from "../../parts/told.tsx";
import { requirePerson } from "../../server/auth/page-actor.ts";
import { Header } from "../../ui/header.tsx";

export const dynamic = "force-dynamic";

const AppLayout = async ({ children }: { children: ReactNode }) => {
  // Before anything is read: what changes from here on, the live stream tells.
  const loadedAtMs = Date.now();
  const { ctx } = await requirePerson();
  const me = await org.whoAmI({ ctx, input: {} });
  const theme = themeOf((await cookies()).get(THEME_COOKIE)?.value);
  return (
    <MeProvider me={me}>
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:absolute focus:z-50 focus:m-2 focus:rounded focus:bg-accent focus:px-3 focus:py-2 focus:text-on-accent"
      >
        Skip to the content
      </a>
      <Providers loadedAtMs={loadedAtMs}>
        <Header theme={theme} />
        <main id="main" tabIndex={-1} className="mx-auto max-w-[1400px] px-3 py-4 outline-none sm:px-5 sm:py-5">
          <Told />
          {children}
        </main>
      </Providers>
    </MeProvider>
  );
};
export default AppLayout;

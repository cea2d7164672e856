import type { Metadata } from "next";
import { redirect } from "next/navigation";
import { safeNext } from "../../lib/paths.ts";
import { pageCtx } from "../../server/auth/page-actor.ts";
import { SignInForm } from "./form.tsx";

export const metadata: Metadata = { title: "Sign in" };
export const dynamic = "force-dynamic";

const SignInPage = async ({
  searchParams,
}: {
  searchParams: Promise<{ next?: string | string[]; error?: string | string[] }>;
}) => {
  const { next, error } = await searchParams;
  const target = safeNext(typeof next === "string" ? next : undefined);
  if ((await pageCtx()).actor !== null) redirect(target);
  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <div className="w-full max-w-sm rounded-md border border-line bg-panel p-6">
        <h1 className="text-[1.45rem] leading-tight font-semibold">Sign in to Creel</h1>
        <p className="mt-1 mb-5 text-muted">The fleet of sandboxed agents and the policy that holds them.</p>
        <SignInForm target={target} refusedBy={typeof error === "string" ? error : null} />
      </div>
    </main>
  );
};
export default SignInPage;

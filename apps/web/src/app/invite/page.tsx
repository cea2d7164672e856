import type { Metadata } from "next";
import { InviteForm } from "./form.tsx";

export const metadata: Metadata = { title: "Invitation" };
export const dynamic = "force-dynamic";

const InvitePage = () => (
  <main className="grid min-h-dvh place-items-center p-4">
    <div className="w-full max-w-sm rounded-md border border-line bg-panel p-6">
      <h1 className="text-[1.45rem] leading-tight font-semibold">You are invited to Creel</h1>
      <p className="mt-1 mb-5 text-muted">
        Choose a password. If this address has an account here already, enter the password of that account.
      </p>
      <InviteForm />
    </div>
  </main>
);
export default InvitePage;

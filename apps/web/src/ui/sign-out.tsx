"use client";
import { signOut } from "next-auth/react";
import { useState } from "react";
import { paths } from "../lib/paths.ts";
import { Button } from "./button.tsx";

export const SignOutButton = () => {
  const [busy, setBusy] = useState(false);
  return (
    <Button
      look="quiet"
      busy={busy}
      onClick={() => {
        setBusy(true);
        void signOut({ redirect: false }).finally(() => location.assign(paths.signIn()));
      }}
    >
      Sign out
    </Button>
  );
};

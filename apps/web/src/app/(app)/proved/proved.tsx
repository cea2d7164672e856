"use client";
import { useEffect } from "react";
import { tellProved } from "../../../client/proved-channel.ts";
import { PageHeader } from "../../../ui/panel.tsx";

const REFUSED =
  "Your identity provider's answer did not prove that it is you. Close this tab and try again; if it stays so, the audit says why.";

/** Where the provider's tab ends. The page that asked goes on by itself. */
export const Proved = ({ refused }: { refused: boolean }) => {
  useEffect(() => {
    if (!refused) tellProved();
  }, [refused]);
  return (
    <PageHeader
      title={refused ? "That proved nothing" : "It is you"}
      lead={refused ? REFUSED : "What you were doing goes on in the tab that you came from. You can close this one."}
    />
  );
};

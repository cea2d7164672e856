"use client";
import { useState } from "react";
import { Button } from "./button.tsx";

/** A secret or a command to take elsewhere; selecting it by hand works too. */
export const CopyText = ({ text, label }: { text: string; label: string }) => {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid("Copied");
    } catch {
      setSaid("Select the text and copy it by hand");
    }
  };
  return (
    <div className="grid gap-1.5">
      <output
        aria-label={label}
        className="font-mono block rounded border border-line bg-sunken p-2 whitespace-pre-wrap [overflow-wrap:anywhere] select-all"
      >
        {text}
      </output>
      <div className="flex items-center gap-2">
        <Button onClick={copy}>Copy</Button>
        <span role="status" className="text-muted">
          {said}
        </span>
      </div>
    </div>
  );
};

"use client";
import { useRouter } from "next/navigation";
import type { FormEvent, ReactNode } from "react";
import { Button } from "./button.tsx";

/** Filters live in the address, so a filtered view can be sent to a colleague. Works as a plain form too. */
export const FilterBar = ({ action, children }: { action: string; children: ReactNode }) => {
  const router = useRouter();
  const apply = (form: HTMLFormElement) => {
    const query = new URLSearchParams();
    for (const [name, value] of new FormData(form))
      if (typeof value === "string" && value !== "") query.set(name, value);
    router.push(query.size === 0 ? action : `${action}?${query}`);
  };
  return (
    <search>
      <form
        action={action}
        onSubmit={(event: FormEvent<HTMLFormElement>) => {
          event.preventDefault();
          apply(event.currentTarget);
        }}
        className="mb-3 flex flex-wrap items-end gap-3"
      >
        {children}
        <Button type="submit">Filter</Button>
        <Button look="quiet" onClick={() => router.push(action)}>
          Clear
        </Button>
      </form>
    </search>
  );
};

"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../client/trpc.ts";
import { Field, SelectField } from "../ui/field.tsx";

interface FieldOf {
  value: string;
  onChange: (value: string) => void;
}

/** A role of the organization, built in or its own. */
export const RoleField = ({ value, onChange }: FieldOf) => {
  const trpc = useTRPC();
  const roles = useQuery(trpc.role.list.queryOptions({}));
  // While the list is on its way, and where it cannot be had, there is the smallest.
  const known = roles.data?.items ?? [{ id: "viewer", name: "viewer" }];
  return (
    <SelectField
      label="Role"
      value={value}
      onChange={(event) => onChange(event.target.value)}
      options={known.map(({ id, name }) => ({ value: id, text: name.replaceAll("_", " ") }))}
    />
  );
};

/** `problem` is `readScope`'s of the same text. */
export const ScopeField = ({ value, onChange, problem }: FieldOf & { problem: string | null }) => (
  <Field
    label="Only over"
    value={value}
    onChange={(event) => onChange(event.target.value)}
    error={problem}
    hint="Labels and their values, e.g. env=staging|test. Empty: the whole organization."
    autoComplete="off"
  />
);

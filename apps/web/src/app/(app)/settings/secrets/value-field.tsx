"use client";
import { Field } from "../../../../ui/field.tsx";

/** Where a value is typed: never shown, and no browser is asked to remember it. */
export const ValueField = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <Field
    label="Value"
    hint="8 characters at least: a shorter one could not be taken out of answers."
    type="password"
    value={value}
    onChange={(event) => onChange(event.target.value)}
    maxLength={16 * 1024}
    autoComplete="new-password"
    spellCheck={false}
  />
);

"use client";
import { type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, useId } from "react";

export const inputClass =
  "h-8 w-full rounded border border-line-strong/60 bg-panel px-2 py-1 text-text placeholder:text-muted/80 placeholder:italic";

/** A labelled text field. The label is always visible; a placeholder only gives an example. */
export const Field = (
  props: InputHTMLAttributes<HTMLInputElement> & {
    label: string;
    hint?: ReactNode;
    /** What is wrong with the value; null or left out while nothing is. */
    error?: ReactNode;
  },
) => {
  const { label, hint, error, ...rest } = props;
  const id = useId();
  const describedBy = [error ? `${id}-error` : null, hint ? `${id}-hint` : null].filter((each) => each !== null);
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <input
        {...rest}
        id={id}
        className={inputClass}
        aria-invalid={error ? true : undefined}
        aria-describedby={describedBy.length === 0 ? undefined : describedBy.join(" ")}
      />
      {error ? (
        <p id={`${id}-error`} role="alert" className="text-deny [overflow-wrap:anywhere]">
          {error}
        </p>
      ) : null}
      {hint ? (
        <p id={`${id}-hint`} className="text-muted">
          {hint}
        </p>
      ) : null}
    </div>
  );
};

export const SelectField = (
  props: SelectHTMLAttributes<HTMLSelectElement> & {
    label: string;
    options: readonly { value: string; text: string }[];
  },
) => {
  const { label, options, ...rest } = props;
  const id = useId();
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      <select {...rest} id={id} className={inputClass}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.text}
          </option>
        ))}
      </select>
    </div>
  );
};

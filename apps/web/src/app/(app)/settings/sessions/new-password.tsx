import { PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN } from "@creel/core/bounds";
import { Field } from "../../../../ui/field.tsx";

/** Why this cannot be a password, or null. */
export const wrongPassword = (text: string): string | null =>
  text.length < PASSWORD_CHARS_MIN ? `The new one needs at least ${PASSWORD_CHARS_MIN} characters.` : null;

export const NewPasswordField = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <Field
    label="New password"
    type="password"
    autoComplete="new-password"
    value={value}
    onChange={(event) => onChange(event.target.value)}
    maxLength={PASSWORD_CHARS_MAX}
  />
);

import { Field } from "../../../../ui/field.tsx";

/** As the server's own bounds; it judges again. */
const CHARS_MIN = 12;
const CHARS_MAX = 1024;

/** Why this cannot be a password, or null. */
export const wrongPassword = (text: string): string | null =>
  text.length < CHARS_MIN ? `The new one needs at least ${CHARS_MIN} characters.` : null;

export const NewPasswordField = ({ value, onChange }: { value: string; onChange: (value: string) => void }) => (
  <Field
    label="New password"
    type="password"
    autoComplete="new-password"
    value={value}
    onChange={(event) => onChange(event.target.value)}
    maxLength={CHARS_MAX}
  />
);

"use client";
import { PASSWORD_CHARS_MAX } from "@creel/core/bounds";
import { signIn } from "next-auth/react";
import { type FormEvent, useState } from "react";
import { paths } from "../../lib/paths.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Refusal } from "../../ui/states.tsx";

const messages: Readonly<Record<string, string>> = {
  not_found: "This invitation is not valid any more. Ask whoever sent it for a new one.",
  unauthenticated: "This address has an account already, and the password or the code is not its own.",
  second_factor_required: "This address has an account already. Give a code of its authenticator too.",
  invalid_input: "The password needs at least 12 characters.",
  rate_limited: "Too many attempts. Wait a quarter of an hour, then try again.",
};
const OTHERWISE = "That failed on our side. Try again; if it stays so, ask whoever runs this Creel.";

/** The token is read from behind the `#` when the form is sent; it stands in no address that a server or a proxy logs. */
export const InviteForm = () => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [asksCode, setAsksCode] = useState(false);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      const answer = await signIn("invitation", {
        redirect: false,
        token: decodeURIComponent(location.hash.slice(1)),
        name: String(form.get("name") ?? ""),
        password: String(form.get("password") ?? ""),
        code: String(form.get("code") ?? ""),
      });
      if (answer?.ok && !answer.error) return location.assign(paths.overview());
      if (answer?.error === "second_factor_required") setAsksCode(true);
      setProblem(messages[answer?.error ?? ""] ?? OTHERWISE);
    } catch {
      setProblem("The server could not be reached. Check the connection and try again.");
    }
    setBusy(false);
  };
  return (
    <form onSubmit={submit} className="grid gap-3">
      {problem ? <Refusal>{problem}</Refusal> : null}
      <Field label="Your name" name="name" autoComplete="name" maxLength={128} hint="For a new account." />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="new-password"
        required
        minLength={12}
        maxLength={PASSWORD_CHARS_MAX}
      />
      {asksCode ? (
        <Field
          label="Code"
          name="code"
          autoComplete="one-time-code"
          required
          maxLength={64}
          hint="Of your authenticator, or a recovery code."
        />
      ) : null}
      <Button type="submit" look="primary" busy={busy} className="mt-1">
        {busy ? "Joining…" : "Join"}
      </Button>
    </form>
  );
};

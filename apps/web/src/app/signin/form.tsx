"use client";
import { PASSWORD_CHARS_MAX } from "@creel/core/bounds";
import { signIn } from "next-auth/react";
import { type FormEvent, useState } from "react";
import { paths } from "../../lib/paths.ts";
import { Button } from "../../ui/button.tsx";
import { Field } from "../../ui/field.tsx";
import { Refusal } from "../../ui/states.tsx";
import { useWays } from "./use-ways.ts";

/** The codes that sign-in hands over; one text for a wrong address and a wrong password, so that neither can be probed. */
const messages: Readonly<Record<string, string>> = {
  second_factor_required: "Now the code of your authenticator, or one of your recovery codes.",
  unauthenticated: "The email and password do not belong together. Check both and try again.",
  invalid_input: "Enter the email and the password of your account.",
  sso_required: "Your organization has its people sign in through its identity provider.",
  sso_refused:
    "Your identity provider's answer did not sign you in. Try again; if it stays so, ask an owner: the audit says why.",
  unavailable: "Your identity provider cannot be reached now. Try again in a while.",
  rate_limited: "Too many attempts. Wait a few minutes, then try again.",
};
const CODE_WRONG = "That did not work. Wait for the next code of your authenticator, or use another recovery code.";
const OTHERWISE = "Signing in failed on our side. Try again; if it stays so, ask whoever runs this Creel.";

export const SignInForm = ({ target, refusedBy }: { target: string; refusedBy: string | null }) => {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string | null>(refusedBy === null ? null : (messages[refusedBy] ?? OTHERWISE));
  const [email, setEmail] = useState("");
  const [byPassword, setByPassword] = useState(false);
  const { ways, ask } = useWays();
  const { provider } = ways;
  const [asksCode, setAsksCode] = useState(false);

  const showsPassword = ways.password || byPassword;
  const leave = () => location.assign(paths.ssoStart({ email, next: target }));

  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    if (busy) return;
    if (!showsPassword) return leave();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setProblem(null);
    try {
      const answer = await signIn("credentials", {
        redirect: false,
        email: String(form.get("email") ?? ""),
        password: String(form.get("password") ?? ""),
        ...(asksCode ? { code: String(form.get("code") ?? "") } : {}),
      });
      // A full load: nothing of an earlier person may remain in this tab's memory.
      if (answer?.ok && !answer.error) return location.assign(target);
      if (answer?.error === "second_factor_required") setAsksCode(true);
      setProblem(
        asksCode && answer?.error === "unauthenticated" ? CODE_WRONG : (messages[answer?.error ?? ""] ?? OTHERWISE),
      );
    } catch {
      setProblem("The server could not be reached. Check the connection and try again.");
    }
    setBusy(false);
  };

  return (
    <form onSubmit={submit} className="grid gap-3">
      {problem ? <Refusal>{problem}</Refusal> : null}
      <Field
        label="Email"
        name="email"
        type="email"
        autoComplete="username"
        required
        autoFocus
        maxLength={254}
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        onBlur={() => void ask(email.trim())}
      />
      {provider ? (
        <Button type="button" look={showsPassword ? "plain" : "primary"} onClick={leave}>
          Continue with {provider.name}
        </Button>
      ) : null}
      {showsPassword ? (
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          maxLength={PASSWORD_CHARS_MAX}
        />
      ) : (
        <Button type="button" onClick={() => setByPassword(true)}>
          Use a password instead
        </Button>
      )}
      {asksCode ? (
        <Field
          label="Code"
          name="code"
          autoComplete="one-time-code"
          inputMode="text"
          spellCheck={false}
          required
          autoFocus
          maxLength={64}
        />
      ) : null}
      {showsPassword ? (
        <Button type="submit" look="primary" busy={busy} className="mt-1">
          {busy ? "Signing in…" : "Sign in"}
        </Button>
      ) : null}
    </form>
  );
};

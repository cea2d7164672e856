import clsx from "clsx";
import { type ButtonHTMLAttributes, type Ref, useId } from "react";

type Look = "primary" | "plain" | "danger" | "quiet";

const looks: Record<Look, string> = {
  primary: "border-accent bg-accent text-on-accent hover:bg-accent-hover hover:border-accent-hover",
  plain: "border-line-strong/60 bg-panel text-text hover:bg-sunken",
  danger: "border-deny bg-panel text-deny hover:bg-deny-soft",
  quiet: "border-transparent bg-transparent text-muted hover:bg-sunken hover:text-text",
};

export const buttonClass = (look: Look = "plain"): string =>
  clsx(
    "inline-flex min-h-8 items-center justify-center gap-1.5 rounded border px-2.5 py-1 font-medium whitespace-nowrap",
    "aria-disabled:cursor-not-allowed aria-disabled:opacity-55",
    looks[look],
  );

interface ButtonProps extends Omit<ButtonHTMLAttributes<HTMLButtonElement>, "disabled"> {
  look?: Look;
  busy?: boolean | undefined;
  /** Why it cannot be pressed now. Shown under the button; the button stays focusable so that a screen reader meets the reason too. */
  disabledReason?: string | null | undefined;
  /** Where the reason stands, when it is not to be shown under this button alone: the id of that element. */
  reasonId?: string | undefined;
  ref?: Ref<HTMLButtonElement>;
}

export const Button = ({ look = "plain", busy, disabledReason, reasonId, ...given }: ButtonProps) => {
  const { className, onClick, type, ...rest } = given;
  const ownId = useId();
  const off = Boolean(disabledReason) || busy === true;
  const button = (
    <button
      {...rest}
      type={type ?? "button"}
      className={clsx(buttonClass(look), className)}
      aria-disabled={off || undefined}
      aria-busy={busy || undefined}
      aria-describedby={disabledReason ? (reasonId ?? ownId) : rest["aria-describedby"]}
      onClick={(event) => {
        if (off) event.preventDefault();
        else onClick?.(event);
      }}
    />
  );
  // One shape with and without a reason: a button that became another element would lose the focus when its reason comes or goes.
  const shown = reasonId === undefined ? disabledReason : null;
  return (
    <span className={shown ? "inline-flex max-w-56 flex-col items-start gap-0.5" : "contents"}>
      {button}
      {shown ? (
        <span id={ownId} className="text-[0.86rem] leading-tight text-muted">
          {shown}
        </span>
      ) : null}
    </span>
  );
};

import { type ReactNode, useId } from "react";
import { Button } from "./button.tsx";

export interface BarAction {
  name: string;
  /** The key that does the same. */
  shortcut?: string;
  look?: "plain" | "danger";
  /** Why it cannot be done now. */
  refusal: string | null;
  onPress: () => void;
}

/**
 * Buttons beside each other. Why some cannot be pressed stands below them, each reason once; a screen reader hears it with every button
 * that it holds. The line stays where no reason is, so that nothing below it jumps.
 */
export const ActionBar = (props: { actions: readonly BarAction[]; busy: boolean; ready?: ReactNode }) => {
  const id = useId();
  const { actions } = props;
  const reasons = [...new Set(actions.flatMap(({ refusal }) => (refusal === null ? [] : [refusal])))];
  const heldBy = (reason: string): string =>
    actions.every(({ refusal }) => refusal === reason)
      ? ""
      : `${actions.flatMap(({ name, refusal }) => (refusal === reason ? [name] : [])).join(", ")}: `;
  const idOf = (refusal: string | null) => (refusal === null ? undefined : `${id}${reasons.indexOf(refusal)}`);
  return (
    <div className="grid gap-1.5">
      <div className="flex flex-wrap items-start gap-2">
        {actions.map(({ name, shortcut, look = "plain", refusal, onPress }) => (
          <Button
            key={name}
            look={look}
            aria-keyshortcuts={shortcut}
            busy={props.busy}
            disabledReason={refusal}
            reasonId={idOf(refusal)}
            onClick={onPress}
          >
            {name} {shortcut === undefined ? null : <kbd className="text-muted">{shortcut}</kbd>}
          </Button>
        ))}
      </div>
      <div className="min-h-5 leading-tight text-muted">
        {reasons.length === 0 ? props.ready : null}
        {reasons.map((reason) => (
          <p key={reason} id={idOf(reason)}>
            {heldBy(reason)}
            {reason}
          </p>
        ))}
      </div>
    </div>
  );
};

import { paths } from "../../../lib/paths.ts";
import { TextLink } from "../../../ui/link.tsx";
import { Refusal } from "../../../ui/states.tsx";
import type { Done } from "./use-acts.ts";

/** What became of what was done last. */
export const Outcome = ({ done }: { done: Done | null }) => {
  if (done === null) return null;
  const well = done.groups - done.refused.length;
  return (
    <div role="status" className="border-b border-line px-3 py-2">
      {well > 0 ? (
        <p>
          {well === 1 ? "One request is dealt with." : `${well} requests are dealt with.`}{" "}
          {done.proposed.length > 0 ? (
            <>
              {done.proposed.length === 1 ? "It waits" : `${done.proposed.length} wait`} for approval:{" "}
              <TextLink href={paths.change(done.proposed[0] ?? "")}>see who can approve it</TextLink>.
            </>
          ) : null}
        </p>
      ) : null}
      {done.refused.slice(0, 3).map(({ key, message }) => (
        <Refusal key={key}>{message}</Refusal>
      ))}
    </div>
  );
};

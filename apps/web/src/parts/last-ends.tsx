import type { SandboxView } from "@creel/core";
import { Time } from "../ui/time.tsx";
import { endDetail, endText, lastEnds } from "./sandbox-facts.ts";

/** Why it ended the last few times: whether it ends again and again for one reason is seen at a glance. */
export const LastEnds = ({ sandbox }: { sandbox: SandboxView }) => {
  const ends = lastEnds(sandbox);
  const exitCode = sandbox.status?.exitCode ?? null;
  // A node that keeps no ends says at least the code.
  if (ends.length === 0) return exitCode === null ? "none yet" : `exit code ${exitCode}`;
  return (
    <ol className="grid gap-1">
      {ends.map((end) => (
        <li key={`${end.at} ${end.cause}`} className="[overflow-wrap:anywhere]">
          {endText(end)}{" "}
          <span className="text-muted">
            · <Time at={end.at} /> {endDetail(end)}
          </span>
        </li>
      ))}
    </ol>
  );
};

import type { HeldGrant } from "@creel/core";
import { scopeInWords } from "../lib/scope-text.ts";
import { Time } from "../ui/time.tsx";

/** What somebody holds: role, where, through which team, until when. */
export const HeldGrants = ({ grants }: { grants: readonly HeldGrant[] }) =>
  grants.length === 0 ? (
    <span className="text-muted">nothing</span>
  ) : (
    <ul className="grid gap-0.5">
      {grants.map((grant) => (
        <li key={JSON.stringify(grant)}>
          {grant.role.replaceAll("_", " ")}
          {grant.scope === null ? null : <> on {scopeInWords(grant.scope)}</>}
          {grant.via === null ? null : <span className="text-muted"> through {grant.via}</span>}
          {grant.expiresAt === null ? null : (
            <span className="text-muted">
              {" "}
              until <Time at={grant.expiresAt} exact />
            </span>
          )}
        </li>
      ))}
    </ul>
  );

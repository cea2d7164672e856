import type { SettingChange } from "@creel/policy/browser";
import { Badge } from "../../ui/badge.tsx";
import { Mono } from "../../ui/panel.tsx";
import { RiskBadge } from "../../ui/risk-badge.tsx";
import { Words } from "../../ui/words.tsx";
import { valueWords } from "./diff-text.ts";

/** What changes without being a set of requests: mode, files, credentials, limits. */
export const SettingChangeItem = ({ change }: { change: SettingChange }) => (
  <li className="grid gap-1 border-t border-line py-2 first:border-t-0">
    <div className="flex flex-wrap items-start gap-x-2 gap-y-1">
      <RiskBadge grade={change.risk.grade} />
      <Badge>{change.effect}</Badge>
      <p className="min-w-0 flex-1 basis-60 font-medium [overflow-wrap:anywhere]">
        <Words>{change.sentence}</Words>
      </p>
    </div>
    {change.risk.reasons.map((reason) => (
      <p key={reason} className="text-muted">
        <Words>{reason}</Words>
      </p>
    ))}
    <p className="text-muted [overflow-wrap:anywhere]">
      <Mono className="text-text">{change.field}</Mono>: <Mono>{valueWords(change.before)}</Mono> →{" "}
      <Mono>{valueWords(change.after)}</Mono>
    </p>
  </li>
);

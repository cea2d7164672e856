import type { SettingChange } from "@creel/policy/browser";
import { Badge } from "../../ui/badge.tsx";
import { Mono } from "../../ui/panel.tsx";
import { ChangeHead } from "./change-head.tsx";
import { valueWords } from "./diff-text.ts";

/** What changes without being a set of requests: mode, files, credentials, limits. */
export const SettingChangeItem = ({ change }: { change: SettingChange }) => (
  <li className="grid gap-1 border-t border-line py-2 first:border-t-0">
    <ChangeHead risk={change.risk} sentence={change.sentence} beside={<Badge>{change.effect}</Badge>} />
    <p className="text-muted [overflow-wrap:anywhere]">
      <Mono className="text-text">{change.field}</Mono>: <Mono>{valueWords(change.before)}</Mono> →{" "}
      <Mono>{valueWords(change.after)}</Mono>
    </p>
  </li>
);

import type { RequestChange, TextSet } from "@creel/policy/browser";
import { Facts, Mono } from "../../ui/panel.tsx";
import { Words } from "../../ui/words.tsx";
import { ChangeHead } from "./change-head.tsx";
import { callerWords, methodWords, requestWords, ruleWords, textSetWords } from "./diff-text.ts";

const List = ({ items }: { items: readonly string[] }) => (
  <ul className="grid gap-0.5">
    {items.map((item) => (
      <li key={item}>
        <Words>{item}</Words>
      </li>
    ))}
  </ul>
);

const sets = (term: string, found: readonly TextSet[] | null) =>
  found === null || found.length === 0 ? [] : [{ term, value: <List items={found.map(textSetWords)} /> }];

const factsOf = (change: RequestChange) => [
  { term: "Programs", value: <List items={change.callers.map(callerWords)} /> },
  ...sets("Hosts", change.hosts),
  { term: "Ports", value: change.ports.join(", ") },
  { term: "Inspected as", value: change.protocol === "raw" ? "not inspected" : change.protocol },
  { term: "Methods", value: <Words>{methodWords(change)}</Words> },
  ...sets("Paths", change.paths),
  ...sets("Tools", change.tools),
  ...(change.conditions.length === 0 ? [] : [{ term: "Only", value: <List items={change.conditions} /> }]),
  { term: "Decided before", value: <Words>{`by ${ruleWords(change.ruleBefore)}`}</Words> },
  { term: "Decided after", value: <Words>{`by ${ruleWords(change.ruleAfter)}`}</Words> },
];

/** One set of requests that is judged differently: how grave, the whole as a sentence, one request of it, and the set on demand. */
export const RequestChangeItem = ({ change }: { change: RequestChange }) => (
  <li className="grid gap-1 border-t border-line py-2 first:border-t-0">
    <ChangeHead risk={change.risk} sentence={change.sentence} />
    <p className="text-muted">
      For example <Mono className="text-text">{requestWords(change.example)}</Mono>
    </p>
    <details>
      <summary className="w-fit text-accent">The whole set</summary>
      <div className="mt-1 rounded bg-sunken p-2">
        <Facts items={factsOf(change)} />
      </div>
    </details>
  </li>
);

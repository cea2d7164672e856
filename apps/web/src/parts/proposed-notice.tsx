import { paths } from "../lib/paths.ts";
import { TextLink } from "../ui/link.tsx";

/** Under the title of a dialog whose act waits: what it said of the act is not so yet. */
export const WAITS = "Somebody else decides about it first.";

/** What somebody asked for waits for others, and where they decide. */
export const ProposedNotice = ({ changeId }: { changeId: string }) => (
  <p role="status" className="rounded bg-wait-soft px-3 py-2 text-wait [&_a]:underline">
    It is proposed and changes nothing until it is approved.{" "}
    <TextLink href={paths.change(changeId)}>See who can approve it</TextLink>
  </p>
);

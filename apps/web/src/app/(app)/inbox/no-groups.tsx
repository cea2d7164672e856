import { Button } from "../../../ui/button.tsx";
import { Empty } from "../../../ui/states.tsx";
import { Pager, type Pages } from "./pager.tsx";

/** What stands in the place of the groups where there are none. */
export const NoGroups = (props: { show: "open" | "dismissed"; pages: Pages; turn: (by: 1 | -1) => void }) => {
  const { show, pages, turn } = props;
  if (pages.at > 1)
    return (
      <>
        <Empty title="Everything on this page is dealt with">
          <Button onClick={pages.toFirst}>First page</Button>
        </Empty>
        <Pager pages={pages} turn={turn} />
      </>
    );
  return (
    <Empty title={show === "open" ? "Nothing waits for you" : "Nothing was denied for good"}>
      {show === "open"
        ? "No request was denied in the last week that nobody has looked at. New ones appear here by themselves."
        : "Groups that somebody takes out of the inbox for good stand here."}
    </Empty>
  );
};

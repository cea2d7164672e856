import { visibleLines } from "@creel/policy/visible";
import { Mono } from "./panel.tsx";

/** A sentence in which backticks mark what stands in a file or a request. */
export const Words = ({ children }: { children: string }) =>
  children.split("`").map((part, at) =>
    at % 2 === 1 ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: the parts of a sentence have no identity but their place.
      <Mono key={at}>{part}</Mono>
    ) : (
      visibleLines(part)
    ),
  );

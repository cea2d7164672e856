import NextLink from "next/link";
import type { ComponentProps } from "react";

export const TextLink = (props: ComponentProps<typeof NextLink>) => (
  <NextLink {...props} className={`text-accent underline-offset-2 hover:underline ${props.className ?? ""}`} />
);

/** A number that leads to the rows it counts. */
export const CountLink = ({ count, one, many, href }: { count: number; one: string; many: string; href: string }) => (
  <TextLink href={href}>
    {count.toLocaleString("en")} {count === 1 ? one : many}
  </TextLink>
);

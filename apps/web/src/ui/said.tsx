import { visibleLines } from "@creel/policy/visible";
import { Children, type ReactNode } from "react";

/** What a machine or an agent said, without anything in it that nobody sees or that turns a line round. */
export const said = (children: ReactNode): ReactNode =>
  Children.map(children, (child) => (typeof child === "string" ? visibleLines(child) : child));

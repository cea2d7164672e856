import type { ReactNode } from "react";

const Box = (props: { title: string; children?: ReactNode; role?: "status" | "alert"; heads?: boolean }) => (
  <div role={props.role} className="px-4 py-8 text-center">
    {props.heads ? <h1 className="font-medium">{props.title}</h1> : <p className="font-medium">{props.title}</p>}
    {props.children ? <div className="mx-auto mt-1 max-w-md text-muted">{props.children}</div> : null}
  </div>
);

/** Says what is not there and what to do next. */
export const Empty = ({ title, children }: { title: string; children?: ReactNode }) => (
  <Box title={title}>{children}</Box>
);

export const Loading = ({ what }: { what: string }) => <Box role="status" title={`Loading ${what}…`} />;

export const Failed = ({ message, retry }: { message: string; retry?: () => void }) => (
  <Box role="alert" title="This could not be loaded">
    <p>{message}</p>
    {retry ? (
      <button type="button" onClick={retry} className="mt-2 text-accent underline underline-offset-2">
        Try again
      </button>
    ) : null}
  </Box>
);

/** Stands in the place of a whole page, so its title is the page's. */
export const NoPermission = ({ what }: { what: string }) => (
  <Box title={`Your role may not see ${what}`} heads>
    An owner of the organization can give you a role that may. Nothing is wrong with your sign-in.
  </Box>
);

/** A sentence that belongs to a form or an action and was refused. */
export const Refusal = ({ children }: { children: ReactNode }) => (
  <p role="alert" className="rounded border border-deny/40 bg-deny-soft px-2.5 py-1.5 text-deny">
    {children}
  </p>
);

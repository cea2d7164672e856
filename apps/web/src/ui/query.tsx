"use client";
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { shownError } from "../client/errors.ts";
import { Failed, Loading } from "./states.tsx";

/** The three states every question to the server has. An answer that is already there stays while a newer one fails. */
export function Answer<T>(props: {
  query: UseQueryResult<T, unknown>;
  what: string;
  children: (data: T) => ReactNode;
}): ReactNode {
  const { query } = props;
  if (query.data !== undefined) return props.children(query.data);
  if (query.isError) return <Failed message={shownError(query.error).message} retry={() => void query.refetch()} />;
  return <Loading what={props.what} />;
}

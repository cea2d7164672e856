"use client";
import type { ResourceKind } from "@creel/core";
import type { ReactNode } from "react";
import { mayDo, useMe } from "../client/me.tsx";
import { NoPermission } from "./states.tsx";

/** Shows a page only to roles that may read its things; the server has refused the data already. */
export const Permitted = ({ to, what, children }: { to: ResourceKind; what: string; children: ReactNode }) =>
  mayDo(useMe(), "read", to) ? children : <NoPermission what={what} />;

import type { DecisionView } from "@creel/core";

export const baseName = (path: string): string => path.slice(path.lastIndexOf("/") + 1) || path;

/** What was asked for, the way people write it: `POST https://host/path`, or `host:port` for a bare connection. */
export const askedFor = (decision: DecisionView): string => {
  if (decision.kind === "dns") return `name ${decision.host}`;
  const standard = decision.port === 443 || decision.port === 80;
  const where = standard ? decision.host : `${decision.host}:${decision.port}`;
  if (decision.method === null) return `${decision.host}:${decision.port}`;
  return `${decision.method} ${where}${decision.path ?? ""}`;
};

export const askedBy = (decision: DecisionView): string =>
  decision.binary === null ? "nobody vouched for" : baseName(decision.binary.path);

/** A policy without a rule denies everything: what a first text is compared to. */
export const NOTHING_ALLOWED = "version: 1\nnetwork_policies: {}\n";

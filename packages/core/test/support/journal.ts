import type { JournalEntry } from "@creel/protocol";

export const entry = (boot: string, seq: number, sandbox: string): JournalEntry => ({
  type: "decision",
  boot,
  record: {
    time: new Date(Date.UTC(2026, 4, 3, 9, 59, 0, seq)).toISOString(),
    org: "acme",
    node: "host-1",
    sandbox,
    seq,
    kind: "http",
    binary: { path: "/usr/bin/curl", sha256: null, pid: 7, ancestors: ["/bin/sh"] },
    host: "paste.creel.example",
    port: 443,
    protocol: "rest",
    method: "POST",
    path: "/api/paste",
    decision: "deny",
    rule: null,
    reason: "No rule names this host.",
    policyDigest: `sha256:${"0".repeat(64)}`,
    generation: 1,
    bytesIn: 0,
    bytesOut: 0,
    durationMs: 0,
  },
});

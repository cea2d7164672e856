import { encodeFrame } from "../src/frames.ts";
import { PROTECTED_NAMES } from "../src/protect.ts";
import { specWords } from "../src/root.ts";
import { parseSpec, SANDBOX_WORK, type SandboxSpec } from "../src/spec.ts";

const small: SandboxSpec = { id: "seed", runDir: "/tmp/run", stateDir: "/tmp/state", command: ["true"] };
const large: SandboxSpec = {
  ...small,
  command: ["sh", "-c", "echo hello", "a".repeat(300)],
  env: { TOKEN: "placeholder", LONG: "x".repeat(2000) },
  mounts: [
    { source: "/srv/work", target: SANDBOX_WORK, mode: "rw" },
    { source: "/opt/tools", target: "/opt/tools", mode: "ro", noexec: true },
  ],
  files: [{ path: "/etc/creel/ca.crt", content: "-----BEGIN CERTIFICATE-----\n".repeat(40), mode: 0o444 }],
  readOnly: ["/usr", "/lib"],
  readWrite: ["/tmp"],
  landlock: "hard_requirement",
  protect: [...PROTECTED_NAMES],
  noexec: true,
  nestedUserns: true,
  limits: { processes: 64, openFiles: 512, fileBytes: 1_000_000, memoryBytes: 64 * 1024 * 1024, logBytes: 65_536 },
};
const exec = ["exec", "cwd", SANDBOX_WORK, "arg", "ls", "arg", "-l", "env", "PATH=/usr/bin", "env", "HOME=/sandbox"];
const requests = [
  ["status"],
  ["fds"],
  ["wait"],
  ["who", "10.0.2.100", "40000", "203.0.113.9", "443"],
  ["stop", "5000"],
  ["stop", "0", "lifetime"],
  ["kill", "idle"],
  ["signal", "15"],
  ["resize", "80", "24"],
  exec,
];

/** Real frames of every kind that the launcher reads. */
export function fuzzSeeds(): Buffer[] {
  const specs = [small, large].map((spec) => specWords(parseSpec(spec)));
  const [first = []] = specs;
  return [...specs, [...first, "terminal", "90", "25"], ...requests].map((words) => encodeFrame(words));
}

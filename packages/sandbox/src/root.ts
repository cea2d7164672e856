import { existsSync, lstatSync, readlinkSync, statSync } from "node:fs";
import { writableAliases } from "./aliases.ts";
import { deviceFiles } from "./devices.ts";
import type { ParsedSpec } from "./spec.ts";
import { SANDBOX_HOME, SANDBOX_WORK } from "./spec.ts";

/** What of the host's /etc an ordinary program needs. Nothing that names users, hosts, keys or services of the host. */
const ETC_ENTRIES = [
  "ssl", "pki", "ca-certificates", "crypto-policies", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime",
  "terminfo", "protocols", "services", "os-release", "debian_version", "mime.types", "magic", "fonts", "bash.bashrc", "profile",
  "python3", "perl",
]; // biome-ignore format: a word list reads best as words
const SYSTEM_LINKS = ["/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];
const DEVICES = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
const DEVICE_LINKS: readonly (readonly [string, string])[] = [
  ["/dev/fd", "/proc/self/fd"],
  ["/dev/stdin", "/proc/self/fd/0"],
  ["/dev/stdout", "/proc/self/fd/1"],
  ["/dev/stderr", "/proc/self/fd/2"],
  ["/dev/ptmx", "pts/ptmx"],
];
/** The same bound as in creel.h. */
const COPY_BYTES_MAX = 16_384;
const SHM_BYTES = 64 * 1024 * 1024;

/**
 * Files every root gets unless the spec brings its own: names for the agent's id, a resolver that is the gateway. It answers within
 * milliseconds and from no further away than this kernel, so that a question that got lost is asked again soon. It stands there three times
 * because libraries ask each no more than five times, and a gateway that comes after the agent may take longer on a busy machine.
 */
const BASE_FILES: Readonly<Record<string, string>> = {
  "/etc/passwd": `root:x:0:0:root:/nonexistent:/bin/false\nsandbox:x:1000:1000:sandbox:${SANDBOX_HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n`,
  "/etc/group": "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n",
  "/etc/nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n",
  "/etc/resolv.conf": `${"nameserver 127.0.0.1\n".repeat(3)}options edns0 timeout:1 attempts:5\n`,
};

const ENV_DEFAULTS: Readonly<Record<string, string>> = {
  PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
  HOME: SANDBOX_HOME,
  USER: "sandbox",
  LOGNAME: "sandbox",
  LANG: "C.UTF-8",
};

/** The environment of an exec'd command: the same defaults as the agent's. */
export const execEnvironment = (env: Readonly<Record<string, string>>): Record<string, string> => ({
  ...ENV_DEFAULTS,
  ...env,
});

/** Links into /usr as links, small files as copies, the rest as mounts: whichever is quickest to make. */
function etcWords(path: string): string[] {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (stat.isSymbolicLink()) {
    const to = readlinkSync(path);
    if (/^(\.\.)?\/usr\//.test(to) && !to.slice(2).includes("..")) return ["symlink", to, path];
    if (!existsSync(path)) return [];
  }
  if (stat.isFile() && stat.size < COPY_BYTES_MAX) return ["copy", path, path];
  return ["mount", "ro", path, path];
}

/** Asked anew when an entry of the directory was made, removed or replaced; what is only written to shows through or is copied again. */
function whileUnchanged(directory: string, ask: () => string[]): () => string[] {
  let known: { changedMs: number; words: string[] } | null = null;
  return () => {
    const changedMs = statSync(directory).mtimeMs;
    if (known?.changedMs !== changedMs) known = { changedMs, words: ask() };
    return known.words;
  };
}

const hostEtc = whileUnchanged("/etc", () => ETC_ENTRIES.flatMap((name) => etcWords(`/etc/${name}`)));
const hostDevices = whileUnchanged("/dev", () => DEVICES.filter((path) => existsSync(path)));
const hostSystem = whileUnchanged("/", () =>
  SYSTEM_LINKS.flatMap((path) => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return ["symlink", readlinkSync(path), path];
    return stat?.isDirectory() ? ["mount", "ro", path, path] : [];
  }),
);

const depth = (path: string): number => path.split("/").filter(Boolean).length;

/** The launcher's words for the root file system, in the order they are built: parents before what lies in them. */
export function rootWords(spec: ParsedSpec): string[] {
  const words: string[] = ["mount", "ro", "/usr", "/usr"];
  words.push(...hostSystem());
  words.push("dir", "/etc", "0755", "dir", "/var", "0755", "symlink", "../tmp", "/var/tmp", "dir", "/run", "0755");
  words.push(...hostEtc());
  words.push("dir", "/dev", "0755", "proc", "/proc");
  for (const path of hostDevices()) words.push("dev", path);
  for (const path of deviceFiles(spec.devices)) words.push("dev", path);
  for (const [path, to] of DEVICE_LINKS) words.push("symlink", to, path);
  words.push("pts", "/dev/pts", "tmpfs", "/dev/shm", String(SHM_BYTES), "01777");
  words.push("tmpfs", "/tmp", String(spec.limits.tmpBytes), "01777");
  if (!spec.mounts.some((m) => m.target === SANDBOX_HOME)) {
    words.push("tmpfs", SANDBOX_HOME, String(spec.limits.tmpBytes), "0755");
  }
  if (!spec.mounts.some((m) => m.target === SANDBOX_WORK)) words.push("dir", SANDBOX_WORK, "0755");
  const mounts = [...spec.mounts].sort((a, b) => depth(a.target) - depth(b.target));
  const mount = (m: ParsedSpec["mounts"][number]) =>
    words.push("mount", m.noexec ? `${m.mode},noexec` : m.mode, m.source, m.target);
  for (const m of mounts.filter((m) => !isOverPlaceholder(spec, m.target))) mount(m);
  const system = { source: "/usr", target: "/usr", mode: "ro" } as const;
  for (const path of writableAliases([system, ...spec.mounts])) words.push("alias", path);
  words.push("protected");
  for (const m of mounts.filter((m) => isOverPlaceholder(spec, m.target))) mount(m);
  const files: Record<string, { content: string; mode: number }> = {};
  for (const [path, content] of Object.entries({ ...BASE_FILES, "/etc/hosts": hosts(spec.hostname) })) {
    files[path] = { content, mode: 0o644 };
  }
  for (const file of spec.files) files[file.path] = { content: file.content, mode: file.mode ?? 0o644 };
  for (const [path, file] of Object.entries(files)) words.push("file", path, `0${file.mode.toString(8)}`, file.content);
  return words;
}

const hosts = (hostname: string): string => `127.0.0.1 localhost ${hostname}\n::1 localhost\n`;

/** What no program can do without, whatever paths a policy names. Nothing here outlives the sandbox or leaves it. */
const ALWAYS_READ = [
  "/proc",
  "/dev",
  "/etc/ld.so.cache",
  "/etc/passwd",
  "/etc/group",
  "/etc/hosts",
  "/etc/resolv.conf",
  "/etc/nsswitch.conf",
];
const ALWAYS_WRITE = ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty", "/dev/pts", "/dev/shm"];

/** Landlock's paths. Named paths that a policy demands are passed on as they are; a mount brings its own right with it. */
export function landlockWords(spec: ParsedSpec): string[] {
  const mounted = (mode: "ro" | "rw"): string[] => spec.mounts.filter((m) => m.mode === mode).map((m) => m.target);
  const read = spec.readOnly ? [...spec.readOnly, ...existing(ALWAYS_READ), ...mounted("ro")] : ["/"];
  const write = spec.readWrite ? [...spec.readWrite, ...mounted("rw")] : ["/tmp", SANDBOX_HOME, ...mounted("rw")];
  const words = ["landlock", spec.landlock];
  for (const path of new Set([...read, ...spec.files.map((f) => f.path)])) words.push("readOnly", path);
  for (const path of new Set([...write, ...existing(ALWAYS_WRITE), ...deviceFiles(spec.devices)]))
    words.push("readWrite", path);
  return words;
}

/** Made for every root, whatever the host has. */
const ALWAYS_THERE = new Set(["/proc", "/dev", "/dev/pts", "/dev/shm", "/etc/hosts", ...Object.keys(BASE_FILES)]);

function existing(paths: readonly string[]): string[] {
  const devices = hostDevices();
  return paths.filter(
    (path) => ALWAYS_THERE.has(path) || (DEVICES.includes(path) ? devices.includes(path) : existsSync(path)),
  );
}

/** A mount on a protected directory: the name is held on the host as any other, and the mount is laid over what holds it. */
const isOverPlaceholder = (spec: ParsedSpec, target: string): boolean =>
  spec.protect.some((name) => name.endsWith("/") && `${SANDBOX_WORK}/${name.slice(0, -1)}` === target);

/** Protected names lie in the writable mount on /sandbox/work; where the spec lays a file of its own, that stands. */
function protectWords(spec: ParsedSpec): string[] {
  const workspace = spec.mounts.find((m) => m.target === SANDBOX_WORK && m.mode === "rw");
  if (!workspace) return [];
  const mounts = spec.mounts.map((m) => m.target).filter((target) => !isOverPlaceholder(spec, target));
  const laid = new Set([...mounts, ...spec.files.map((f) => f.path)]);
  return spec.protect
    .filter((name) => !laid.has(`${SANDBOX_WORK}/${name.replace(/\/$/, "")}`))
    .flatMap((name) => ["protect", workspace.source, SANDBOX_WORK, name]);
}

/** The whole spec as the launcher reads it. */
export function specWords(spec: ParsedSpec): string[] {
  const words = ["creel-spec-1", "id", spec.id, "runDir", spec.runDir, "stateDir", spec.stateDir];
  words.push("hostname", spec.hostname, "cwd", spec.cwd);
  for (const argument of spec.command) words.push("arg", argument);
  for (const [name, value] of Object.entries(execEnvironment(spec.env))) words.push("env", `${name}=${value}`);
  words.push(...rootWords(spec), ...landlockWords(spec), ...protectWords(spec));
  if (spec.noexec) words.push("noexec");
  if (spec.nestedUserns) words.push("nested");
  words.push(...limitWords(spec.limits));
  return words;
}

const LIMIT_NAMES = [
  "processes",
  "openFiles",
  "fileBytes",
  "logBytes",
  "tmpBytes",
  "memoryBytes",
  "workspaceBytes",
  "workspaceFiles",
] as const;

/** Room for a build on every core of a large host; a fork bomb stops early. */
const PROCESSES_DEFAULT = "256";

function limitWords(limits: ParsedSpec["limits"]): string[] {
  const words: string[] = limits.processes === undefined ? ["limit", "processes", PROCESSES_DEFAULT] : ["countForks"];
  for (const name of LIMIT_NAMES) {
    const value = limits[name];
    if (value !== undefined) words.push("limit", name, String(value));
  }
  if (limits.cpus !== undefined) words.push("limit", "cpuMilli", String(Math.max(1, Math.round(limits.cpus * 1000))));
  return words;
}

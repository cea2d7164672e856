/** The whole file: every section checked, defaults filled in, hosts canonical. */
import type { Credential, InferenceSection, Middleware, Policy, PolicyTest } from "../model.ts";
import { checkPath } from "./clause.ts";
import { type CheckContext, fail, present, warn } from "./context.ts";
import { checkBinary, checkEntry, checkTime } from "./entry.ts";
import { checkGlob } from "./glob.ts";
import { checkHost } from "./host.ts";
import type { RawBinary, RawEntry } from "./raw.ts";
import { checkSandbox, type RawSandbox } from "./sandbox.ts";
import { checkFilesystem, checkProcess, type RawFilesystem } from "./static.ts";

/** What the reader yields: the shape is checked, but anything that was wrong is missing. */
export interface RawPolicy
  extends Partial<
    Omit<
      Policy,
      | "filesystem_policy"
      | "network_policies"
      | "network_middlewares"
      | "landlock"
      | "sandbox"
      | "inference"
      | "credentials"
      | "tests"
    >
  > {
  filesystem_policy?: RawFilesystem;
  landlock?: { compatibility?: "best_effort" | "hard_requirement" };
  sandbox?: RawSandbox;
  network_policies?: Record<string, RawEntry>;
  network_middlewares?: Record<string, RawMiddleware>;
  inference?: Partial<Omit<InferenceSection, "binaries">> & { binaries?: (RawBinary | undefined)[] };
  credentials?: Record<string, RawCredential>;
  tests?: (PolicyTest | undefined)[];
}
type RawMiddleware = Partial<Omit<Middleware, "endpoints">> & {
  endpoints?: { include?: (string | undefined)[]; exclude?: (string | undefined)[] };
};
interface RawCredential {
  endpoints?: ({ host?: string; port?: number; ports?: (number | undefined)[]; path?: string } | undefined)[];
}

export function checkPolicy(ctx: CheckContext, raw: RawPolicy): Policy {
  if (raw.version === undefined && raw.preset === undefined && !ctx.problems.has("version"))
    fail(ctx, "missing", "", "`version` is missing.", "Add `version: 1` as the first line.");
  if (raw.monitor_until !== undefined) checkTime(ctx, "monitor_until", raw.monitor_until);
  if (raw.monitor_until !== undefined && raw.mode !== "monitor")
    fail(
      ctx,
      "field_without_effect",
      "monitor_until",
      "`monitor_until` has no effect without `mode: monitor`.",
      "Add `mode: monitor`, or remove it.",
    );
  for (const section of ["network_policies", "network_middlewares", "credentials"] as const)
    if (Object.hasOwn(raw[section] ?? {}, ""))
      fail(
        ctx,
        "bad_key",
        `${section}.`,
        `A name in \`${section}\` is empty.`,
        "Write a name that says what it is for.",
      );
  const entries = Object.entries(raw.network_policies ?? {}).map(
    ([key, entry]) => [key, checkEntry(ctx, `network_policies.${key}`, key, entry)] as const,
  );
  return {
    version: 1,
    mode: raw.mode ?? "enforce",
    ...(raw.monitor_until === undefined ? {} : { monitor_until: raw.monitor_until }),
    ...(raw.preset === undefined ? {} : { preset: raw.preset }),
    ...(raw.filesystem_policy === undefined ? {} : { filesystem_policy: checkFilesystem(ctx, raw.filesystem_policy) }),
    ...(raw.landlock === undefined ? {} : { landlock: { compatibility: raw.landlock.compatibility ?? "best_effort" } }),
    ...(raw.process === undefined ? {} : { process: checkProcess(ctx, raw.process) }),
    ...(raw.sandbox === undefined ? {} : { sandbox: checkSandbox(ctx, raw.sandbox) }),
    network_policies: Object.fromEntries(entries),
    network_middlewares: checkMiddlewares(ctx, raw.network_middlewares ?? {}),
    ...(raw.inference === undefined ? {} : { inference: checkInference(ctx, raw.inference) }),
    credentials: checkCredentials(ctx, raw.credentials ?? {}),
    tests: present(raw.tests).map(([test, i]) => checkTest(ctx, `tests[${i}]`, test)),
  };
}

/** A test whose path nobody looks at would pass and prove nothing. */
function checkTest(ctx: CheckContext, field: string, test: PolicyTest): PolicyTest {
  if (test.request?.path !== undefined && test.request.method === undefined)
    fail(
      ctx,
      "field_without_effect",
      `${field}.request.path`,
      "Without `method` the connection alone is judged, so `path` has no effect.",
      "Add `method`, or remove `path`.",
    );
  return test;
}

function checkMiddlewares(ctx: CheckContext, raw: Record<string, RawMiddleware>): Record<string, Middleware> {
  const orders = new Map<number, string>();
  // Without a prototype, so that a section named `__proto__` is kept like any other.
  const checked = Object.create(null) as Record<string, Middleware>;
  for (const [key, middleware] of Object.entries(raw)) {
    const field = `network_middlewares.${key}`;
    const order = middleware.order ?? 0;
    const other = orders.get(order);
    if (other !== undefined)
      fail(
        ctx,
        "duplicate_order",
        field,
        `\`${key}\` and \`${other}\` have the same \`order\` ${order}.`,
        "Give each middleware its own `order`.",
      );
    orders.set(order, key);
    const hosts = (name: "include" | "exclude"): string[] =>
      present(middleware.endpoints?.[name]).map(
        ([host, i]) => checkHost(ctx, `${field}.endpoints.${name}[${i}]`, host) ?? "",
      );
    const exclude = hosts("exclude");
    checked[key] = {
      name: middleware.name === undefined || middleware.name === "" ? key : middleware.name,
      middleware: middleware.middleware ?? "",
      order,
      ...(middleware.config === undefined ? {} : { config: middleware.config }),
      on_error: middleware.on_error ?? "fail_closed",
      endpoints: { include: hosts("include"), ...(exclude.length === 0 ? {} : { exclude }) },
    };
  }
  return { ...checked };
}

function checkInference(ctx: CheckContext, raw: NonNullable<RawPolicy["inference"]>): InferenceSection {
  const globs: [string, string | undefined][] = present(raw.models).map(([glob, i]) => [
    `inference.models[${i}]`,
    glob,
  ]);
  for (const [route, i] of present(raw.routes))
    for (const [glob, j] of present(route.models)) globs.push([`inference.routes[${i}].models[${j}]`, glob]);
  for (const [field, glob] of globs) {
    checkGlob(ctx, field, glob);
  }
  const { binaries, ...rest } = raw;
  return {
    ...rest,
    enabled: raw.enabled ?? true,
    ...(binaries === undefined
      ? {}
      : { binaries: present(binaries).map(([binary, i]) => checkBinary(ctx, `inference.binaries[${i}]`, binary)) }),
  };
}

function checkCredentials(ctx: CheckContext, raw: Record<string, RawCredential>): Record<string, Credential> {
  const checked = Object.create(null) as Record<string, Credential>;
  for (const [key, credential] of Object.entries(raw)) {
    checked[key] = {
      endpoints: present(credential.endpoints).map(([target, i]) => {
        const field = `credentials.${key}.endpoints[${i}]`;
        const ports = target.port === undefined ? present(target.ports).map(([port]) => port) : [target.port];
        if (target.port !== undefined && target.ports !== undefined)
          fail(ctx, "exclusive", `${field}.ports`, "`port` and `ports` cannot stand together.", "Keep `ports`.");
        if (ports.length === 0 && !ctx.problems.has(`${field}.port`))
          fail(ctx, "missing", field, "`port` is missing.", "Add `port: 443`.");
        if (target.path !== undefined) checkPath(ctx, `${field}.path`, target.path);
        const host = target.host === undefined ? "" : (checkHost(ctx, `${field}.host`, target.host) ?? "");
        if (/\*/.test(host))
          warn(
            ctx,
            "wide_credential",
            `${field}.host`,
            `The secret may go to every host of ${host}.`,
            "Name the hosts.",
          );
        return { host, ports, ...(target.path === undefined ? {} : { path: target.path }) };
      }),
    };
  }
  return { ...checked };
}

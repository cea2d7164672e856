/** One named entry: who may reach what, until when. */
import type { Binary, PolicyEntry } from "../model.ts";
import { type CheckContext, fail, present, warn } from "./context.ts";
import { checkEndpoint } from "./endpoint.ts";
import { checkGlob } from "./glob.ts";
import { checkRequestMatcher } from "./matcher.ts";
import type { RawBinary, RawEntry } from "./raw.ts";

export function checkEntry(ctx: CheckContext, field: string, key: string, raw: RawEntry): PolicyEntry {
  if (raw.endpoints === undefined && !ctx.problems.has(`${field}.endpoints`))
    warn(
      ctx,
      "no_endpoints",
      field,
      "The entry names no endpoint, so it allows nothing.",
      "Add `endpoints`, or remove the entry.",
    );
  if ((raw.binaries === undefined || raw.binaries.length === 0) && !ctx.problems.has(`${field}.binaries`))
    warn(
      ctx,
      "no_binaries",
      field,
      "The entry names no binary, so it allows nobody.",
      'Add `binaries`; `path: "/**"` means any program.',
    );
  if (raw.expires_at !== undefined) checkTime(ctx, `${field}.expires_at`, raw.expires_at);
  const endpoints = present(raw.endpoints).map(([endpoint, i]) =>
    checkEndpoint(ctx, `${field}.endpoints[${i}]`, endpoint),
  );
  const binaries = present(raw.binaries).map(([binary, i]) => checkBinary(ctx, `${field}.binaries[${i}]`, binary));
  if (raw.request !== undefined) {
    checkRequestMatcher(ctx, `${field}.request`, raw.request);
    for (const [i, endpoint] of endpoints.entries())
      if (
        (endpoint.protocol === undefined || endpoint.protocol === "tcp") &&
        !ctx.problems.has(`${field}.endpoints[${i}].protocol`)
      )
        fail(
          ctx,
          "uninspected",
          `${field}.endpoints[${i}]`,
          "The entry's `request` cannot be enforced here: this endpoint is not inspected.",
          "Add `protocol: rest`, or move the endpoint to an entry of its own.",
        );
  }
  if (raw.limits !== undefined && raw.limits.requests === undefined && raw.limits.bytes === undefined)
    fail(ctx, "missing", `${field}.limits`, "`limits` limits nothing.", "Add `requests` or `bytes`.");
  return { ...raw, name: raw.name === undefined || raw.name === "" ? key : raw.name, endpoints, binaries };
}

const SHA256 = /^(sha256:)?([0-9a-fA-F]{64})$/;

export function checkBinary(ctx: CheckContext, field: string, raw: RawBinary): Binary {
  if (raw.harness !== undefined)
    warn(ctx, "deprecated", `${field}.harness`, "`harness` is deprecated and ignored.", "Remove it.");
  const path = checkFilePath(ctx, `${field}.path`, raw.path);
  const script = raw.script === undefined ? undefined : checkFilePath(ctx, `${field}.script`, raw.script);
  const digest = raw.sha256 === undefined ? undefined : SHA256.exec(raw.sha256)?.[2]?.toLowerCase();
  if (raw.sha256 !== undefined && digest === undefined)
    fail(ctx, "bad_sha256", `${field}.sha256`, "A digest has 64 hex digits.", "Write what `sha256sum` prints.");
  return {
    path,
    ...(digest === undefined ? {} : { sha256: digest }),
    ...(raw.inherit === true ? { inherit: true } : {}),
    ...(script === undefined ? {} : { script }),
  };
}

function checkFilePath(ctx: CheckContext, field: string, path: string | undefined): string {
  if (path === undefined) return "";
  if (!checkGlob(ctx, field, path)) return path;
  if (!path.startsWith("/"))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" is not absolute; the kernel reports absolute paths.`,
      "Write the whole path, such as `/usr/bin/curl`.",
    );
  else if (/(^|\/)\.\.?(\/|$)/.test(path) || path.includes("//"))
    fail(
      ctx,
      "bad_path",
      field,
      `"${path}" holds \`.\`, \`..\` or \`//\`, so it matches no path that the kernel reports.`,
      "Write the path as `readlink -f` prints it.",
    );
  return path;
}

const RFC3339 = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)$/;

/** Some clocks read 31 February as a day in March. */
const dayExists = (text: string): boolean => {
  const day = text.slice(0, 10);
  return new Date(`${day}T00:00:00Z`).toISOString().startsWith(day);
};

export function checkTime(ctx: CheckContext, field: string, text: string): void {
  if (!RFC3339.test(text) || Number.isNaN(Date.parse(text)) || !dayExists(text))
    fail(
      ctx,
      "bad_time",
      field,
      `"${text}" is no RFC 3339 time.`,
      "Write date, time and zone, such as `2026-12-31T18:00:00Z`.",
    );
}

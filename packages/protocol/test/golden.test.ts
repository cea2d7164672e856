import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  DECISION_TEXT_CHARS_MAX,
  ENDS_KEPT_MAX,
  enrollRequestSchema,
  enrollResponseSchema,
  hubMessageSchema,
  JOURNAL_BATCH_MAX,
  LOG_CHUNK_BYTES_MAX,
  nodeMessageSchema,
  POLICY_BYTES_MAX,
  PROTOCOL_VERSION,
} from "../src/index.ts";

const FIXTURES = fileURLToPath(new URL("./fixtures", import.meta.url));
const schemas: Record<string, z.ZodType> = {
  node: nodeMessageSchema,
  hub: hubMessageSchema,
  "enroll.request": enrollRequestSchema,
  "enroll.response": enrollResponseSchema,
};

/** Top-level fields that may be absent: they came after the first version. */
const OPTIONAL = new Set(["sealingKey"]);

const versions = readdirSync(FIXTURES).sort();
const files = versions.flatMap((version) => readdirSync(join(FIXTURES, version)).map((name) => ({ version, name })));
const schemaFor = (name: string): z.ZodType => {
  const stem = name.replace(/\.json$/, "");
  const schema = schemas[stem] ?? schemas[stem.split(".")[0] ?? ""];
  if (!schema) throw new Error(`No schema is known for the fixture ${name}; name it node.*, hub.* or enroll.*.`);
  return schema;
};
const load = (version: string, name: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(FIXTURES, version, name), "utf8"));

/** Every object inside a fixture, each with a way to plant a field in a copy of the whole. */
function plantEverywhere(root: unknown): unknown[] {
  const planted: unknown[] = [];
  const paths: (string | number)[][] = [];
  const walk = (value: unknown, path: (string | number)[]) => {
    if (Array.isArray(value)) value.forEach((item, index) => void walk(item, [...path, index]));
    else if (value && typeof value === "object") {
      // `env` is a free map: any name is a known field there.
      if (path.at(-1) === "env") return;
      paths.push(path);
      for (const [key, item] of Object.entries(value)) walk(item, [...path, key]);
    }
  };
  walk(root, []);
  for (const path of paths) {
    const copy = structuredClone(root);
    let target = copy as Record<string | number, unknown>;
    for (const key of path) target = target[key] as Record<string | number, unknown>;
    target.surplus = true;
    planted.push(copy);
  }
  return planted;
}

describe("golden messages", () => {
  it("has fixtures for the version in force, one for each message type", () => {
    const names = readdirSync(join(FIXTURES, `v${PROTOCOL_VERSION}`));
    for (const [prefix, union] of [
      ["node", nodeMessageSchema],
      ["hub", hubMessageSchema],
    ] as const)
      for (const option of union.options) expect(names).toContain(`${prefix}.${option.shape.type.value}.json`);
    expect(names).toContain("enroll.request.json");
    expect(names).toContain("enroll.response.json");
  });

  it.each(files)("$version/$name still parses, and to exactly what was written", ({ version, name }) => {
    const raw = load(version, name);
    expect(schemaFor(name).parse(raw)).toEqual(raw);
  });

  it.each(files)("$version/$name is refused with an unknown field at any depth", ({ version, name }) => {
    const raw = load(version, name);
    for (const planted of plantEverywhere(raw)) expect(schemaFor(name).safeParse(planted).success).toBe(false);
  });

  it.each(files)("$version/$name is refused when a top-level field is missing", ({ version, name }) => {
    const raw = load(version, name);
    for (const key of Object.keys(raw)) {
      if (OPTIONAL.has(key)) continue;
      const { [key]: _removed, ...rest } = raw;
      expect(schemaFor(name).safeParse(rest).success).toBe(false);
    }
  });
});

describe("attacks on the limits", () => {
  const v = `v${PROTOCOL_VERSION}`;
  const refused = (schema: z.ZodType, value: unknown) => expect(schema.safeParse(value).success).toBe(false);

  it("refuses a journal batch past its limit", () => {
    const journal = load(v, "node.journal.json") as { entries: unknown[] };
    const entries = Array.from({ length: JOURNAL_BATCH_MAX + 1 }, () => journal.entries[0]);
    refused(nodeMessageSchema, { ...journal, entries });
  });
  it("refuses a decision whose path would fill the table", () => {
    const journal = load(v, "node.journal.json") as { entries: { record: object }[] };
    const record = { ...journal.entries[0]?.record, path: "/".padEnd(DECISION_TEXT_CHARS_MAX + 1, "a") };
    refused(nodeMessageSchema, { ...journal, entries: [{ ...journal.entries[0], record }] });
  });
  it("refuses a log chunk past its limit", () =>
    refused(nodeMessageSchema, { ...load(v, "node.log.json"), data: "x".repeat(LOG_CHUNK_BYTES_MAX * 2 + 1) }));
  it("takes as many ends of a sandbox as are kept, and refuses one more", () => {
    const message = load(v, "node.status.ends.json") as { status: { ends: unknown[] } };
    const withEnds = (length: number) => ({
      ...message,
      status: { ...message.status, ends: Array.from({ length }, () => message.status.ends[0]) },
    });
    expect(nodeMessageSchema.safeParse(withEnds(ENDS_KEPT_MAX)).success).toBe(true);
    refused(nodeMessageSchema, withEnds(ENDS_KEPT_MAX + 1));
  });
  it("refuses negative offsets and sequence numbers", () =>
    refused(nodeMessageSchema, { ...load(v, "node.log.json"), offset: -1 }));
  it("refuses a policy past its limit", () => {
    const message = load(v, "hub.desired.json") as { state: { sandboxes: { policy: object }[] } };
    const first = message.state.sandboxes[0];
    const policy = { ...first?.policy, yaml: "#".repeat(POLICY_BYTES_MAX + 1) };
    refused(hubMessageSchema, { ...message, state: { ...message.state, sandboxes: [{ ...first, policy }] } });
  });
  it.each(["../escape", "/abs", "UPPER", "-dash", "a".repeat(64), "a b", ""])("refuses the sandbox name %j", (name) => {
    const message = load(v, "hub.desired.json") as { state: { sandboxes: object[] } };
    refused(hubMessageSchema, {
      ...message,
      state: { ...message.state, sandboxes: [{ ...message.state.sandboxes[0], name }] },
    });
  });
  it("refuses an id that is a path", () =>
    refused(nodeMessageSchema, { ...load(v, "node.log.json"), sandboxId: "../../identity/key.pem" }));
  it("refuses a message from the other side", () => {
    refused(nodeMessageSchema, load(v, "hub.welcome.json"));
    refused(hubMessageSchema, load(v, "node.hello.json"));
  });
});

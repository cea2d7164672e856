import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../src/env.ts";
import { homePaths } from "../src/up/home.ts";
import { hubProgram, webProgram } from "../src/up/programs.ts";

/** Every setting that a program's schema names; in `env.ts` nothing else stands at the beginning of a line in capitals. */
const namesOf = (file: string): string[] =>
  [...readFileSync(join(projectRoot, file), "utf8").matchAll(/^ {2}([A-Z][A-Z0-9_]+): /gm)].map(
    ([, name]) => name ?? "",
  );

const paths = homePaths("/srv/creel");
const urls = { owner: "", app: "postgres://app", system: "postgres://system", queue: "postgres://queue" };
const settings = (env: NodeJS.ProcessEnv) => ({
  ...{ paths, urls, env, redisUrl: "redis://127.0.0.1", sessionSecret: "s".repeat(32) },
  ...{ webUrl: "http://127.0.0.1:7400", webPort: 7400, hubUrl: "https://127.0.0.1:7401", hubPort: 7401 },
});

test.each([
  ["hub", "apps/hub/src/env.ts", hubProgram],
  ["web", "apps/web/src/env.ts", webProgram],
])("every setting that the %s reads is set by `creel up` or passed on to it", (_name, file, program) => {
  const names = namesOf(file);
  expect(names).toContain("CREEL_NOTICE_HOSTS");
  const given = program(settings(Object.fromEntries(names.map((name) => [name, "as the operator says"])))).env;
  expect(names.filter((name) => given[name] === undefined)).toEqual([]);
});

test("the operator's address header and log level arrive as they are", () => {
  const env = { CREEL_ADDRESS_HEADER: "x-forwarded-for", CREEL_LOG_LEVEL: "debug" };
  expect(webProgram(settings(env)).env).toMatchObject({ CREEL_ADDRESS_HEADER: "x-forwarded-for" });
  expect(hubProgram(settings(env)).env).toMatchObject({ CREEL_LOG_LEVEL: "debug" });
});

import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { GOOD, policyWorkshop } from "./policy-support.ts";

const { file, folder, creel } = policyWorkshop();
/** No client of this machine is asked: what it is configured for is nothing a test may depend on. */
const clients = join(folder, "bin");
mkdirSync(clients);
beforeEach(() => {
  vi.stubEnv("PATH", clients);
  vi.stubEnv("PIP_INDEX_URL", "");
});
afterEach(() => void vi.unstubAllEnvs());
const host = "packages.example.com";

test("presets are listed with what they need, and a file's own with their state", async () => {
  const all = await creel(["policy", "preset", "ls"]);
  expect(all.out).toMatch(/^PRESET +KIND +NEEDS/);
  expect(all.out).toMatch(/^npm +packages +registry /m);
  expect(all.out).toMatch(/^balanced /m);
  const { out } = await creel(["policy", "preset", "ls", "--json"]);
  expect(JSON.parse(out)).toMatchObject({
    presets: expect.arrayContaining([expect.objectContaining({ name: "npm" })]),
    tiers: [{}, {}, {}],
  });
  const none = await creel(["policy", "preset", "ls", file("plain.yaml", GOOD)]);
  expect(none.out).toContain("carries no preset");
});

test("added in place: the team's words stay, the mode stays, twice is once, removed is as before", async () => {
  const text = `# of the team\n${GOOD}`;
  const path = file("team.yaml", text);
  chmodSync(path, 0o640);
  const add = ["policy", "preset", "add", path, "npm", "--set", `registry=${host}`];
  const added = await creel(add);
  expect(added).toMatchObject({ code: 0, out: expect.stringContaining(`${path} has npm: written`) });
  expect(added.out).toMatch(/^ +\d+ \+ .*host: packages\.example\.com$/m);
  const after = readFileSync(path, "utf8");
  expect(after.startsWith(text)).toBe(true);
  expect(statSync(path).mode & 0o777).toBe(0o640);
  expect((await creel(["policy", "preset", "ls", path])).out).toMatch(
    /^npm +npm +in the file +registry=packages\.example\.com$/m,
  );
  expect((await creel(add)).out).toContain("nothing to change");
  expect(readFileSync(path, "utf8")).toBe(after);
  // Without --set: what the entry was applied with counts on.
  expect((await creel(["policy", "preset", "add", path, "npm"])).out).toContain("nothing to change");
  expect(await creel(["policy", "preset", "rm", path, "npm"])).toMatchObject({ code: 0 });
  expect(readFileSync(path, "utf8")).toBe(text);
  expect((await creel(["policy", "preset", "rm", path, "npm"])).out).toContain("nothing to change");
});

test("--dry-run shows the change and writes nothing", async () => {
  const path = file("dry.yaml", GOOD);
  const { out } = await creel(["policy", "preset", "add", path, "github", "--dry-run"]);
  expect(out).toContain("not written (--dry-run)");
  expect(readFileSync(path, "utf8")).toBe(GOOD);
  const json = await creel(["policy", "preset", "add", path, "github", "--dry-run", "--json"]);
  expect(JSON.parse(json.out)).toMatchObject({
    file: path,
    changed: true,
    written: false,
    yaml: expect.stringContaining("github"),
  });
});

test("a registry that nobody named is asked of the user's own client", async () => {
  writeFileSync(join(clients, "npm"), `#!/bin/sh\necho https://me:geheim@${host}/npm/\n`);
  chmodSync(join(clients, "npm"), 0o755);
  const path = file("client.yaml", GOOD);
  const { code, err } = await creel(["policy", "preset", "add", path, "npm"]);
  writeFileSync(join(clients, "npm"), "#!/bin/sh\nexit 1\n");
  expect(code).toBe(0);
  expect(err).toContain(`npm: registry https://${host}/npm/, as \`npm config get registry\` says.`);
  const after = readFileSync(path, "utf8");
  expect(after).toContain(`host: ${host}`);
  expect(after).not.toContain("geheim");
});

test("where no client says it, the user is told how to, and nothing is written", async () => {
  const path = file("unset.yaml", GOOD);
  const { code, err } = await creel(["policy", "preset", "add", path, "github", "pypi"]);
  expect(code).toBe(2);
  expect(err).toContain("preset `pypi` needs `registry`");
  expect(err).toContain("--set pypi.registry=");
  expect(readFileSync(path, "utf8")).toBe(GOOD);
});

test("an entry that a person changed is neither overwritten nor removed", async () => {
  const path = file("changed.yaml", GOOD);
  await creel(["policy", "preset", "add", path, "npm", "--set", `registry=${host}`]);
  const mine = readFileSync(path, "utf8").replace(`host: ${host}`, "host: mine.example.com");
  writeFileSync(path, mine);
  for (const args of [
    ["add", path, "npm", "--set", `registry=${host}`],
    ["rm", path, "npm"],
  ])
    expect(await creel(["policy", "preset", ...args])).toMatchObject({
      code: 1,
      err: expect.stringContaining("was changed after preset"),
    });
  expect(readFileSync(path, "utf8")).toBe(mine);
});

test("show prints a file that loads by itself", async () => {
  const { code, out } = await creel(["policy", "preset", "show", "npm", "--set", `registry=${host}`]);
  expect(code).toBe(0);
  expect((await creel(["policy", "lint", file("shown.yaml", out)])).code).toBe(0);
});

test.each(["restricted", "balanced", "open"])("tier %s is a valid policy whose own tests pass", async (name) => {
  const path = join(folder, `${name}.yaml`);
  const write = ["policy", "preset", "tier", name, "--write", path];
  expect(await creel(write)).toMatchObject({ code: 0 });
  expect((await creel(["policy", "lint", path])).code).toBe(0);
  expect((await creel(["policy", "test", path])).code).toBe(0);
  expect(await creel(write)).toMatchObject({ code: 2, err: expect.stringContaining("--force") });
});

test("a value for one preset of a tier reaches that one", async () => {
  const { out } = await creel(["policy", "preset", "tier", "balanced", "--set", `npm.registry=${host}`]);
  expect(out).toContain(`host: ${host}`);
});

test.each([
  [["show", "nmp"], "there is no preset `nmp`"],
  [["add", "FILE", "nmp"], "there is no preset `nmp`"],
  [["add", "FILE", "npm", "--set", "regstry=x.example.com"], "no preset here takes `regstry`"],
  [["add", "FILE", "npm", "--set", "pypi.registry=x.example.com"], "no preset here takes `pypi.registry`"],
  [["add", "FILE", "npm", "--set", "registry"], "sets nothing"],
  [["tier", "balancd"], "there is no tier"],
  [["add", "/nowhere/policy.yaml", "github"], "no such file"],
])("%j is wrong usage that says so", async (args, reason) => {
  const path = file("usage.yaml", GOOD);
  const { code, err } = await creel(["policy", "preset", ...args.map((arg) => (arg === "FILE" ? path : arg))]);
  expect([code, readFileSync(path, "utf8")]).toEqual([2, GOOD]);
  expect(err).toContain(reason);
});

test("on a terminal the list fits its width, and piped each preset stays one line", async () => {
  const piped = await creel(["policy", "preset", "ls"]);
  const words = (text: string): string => text.replace(/\s+/g, " ");
  for (const columns of [100, 60]) {
    const { out } = await creel(["policy", "preset", "ls"], "", { columns });
    expect(Math.max(...out.split("\n").map((text) => text.length))).toBeLessThanOrEqual(columns);
    expect(out.split("\n").length).toBeGreaterThan(piped.out.split("\n").length);
    expect(words(out)).toBe(words(piped.out));
  }
});

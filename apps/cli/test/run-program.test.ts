import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { policyName } from "../src/run/policy-source.ts";
import { findProgram } from "../src/run/program.ts";
import { outermost, showMounts } from "../src/run/show.ts";

let base: string;
let home: string;
beforeAll(() => {
  base = realpathSync(mkdtempSync(join(tmpdir(), "creel-program-")));
  home = join(base, "home/me");
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

function file(path: string, text = "#!/bin/sh\n"): string {
  const full = join(home, path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, text);
  chmodSync(full, 0o755);
  return full;
}
const find = (command: string[], folders: string[], workspace: string | null = null) =>
  findProgram({
    command,
    path: folders.map((each) => join(home, each)).join(":"),
    workspace,
    home,
    nodePath: "/usr/bin/node",
  });

test("an npm program brings its node_modules and the Node it runs on, and is known inside by its own name", () => {
  const prefix = ".nvm/versions/node/v22";
  const node = file(`${prefix}/bin/node`, "ELF");
  file(`${prefix}/lib/node_modules/npm/package.json`);
  file(`${prefix}/include/node/node.h`);
  const script = file(`${prefix}/lib/node_modules/@x/agent/cli.js`, "#!/usr/bin/env node\n");
  symlinkSync("../lib/node_modules/@x/agent/cli.js", join(home, prefix, "bin/agent"));
  const found = find(["agent", "-p"], [`${prefix}/bin`]);
  expect(found.command).toEqual([script, "-p"]);
  expect(outermost(found.shown)).toEqual([join(home, prefix)]);
  expect(found.path.split(":")).toContain(dirname(node));
  expect(found.shims).toEqual([{ name: "agent", target: script }]);
});

test("a folder that people fill with anything is never shown: only the file", () => {
  const tool = file(".local/bin/tool");
  const script = file("project/run.sh");
  file("project/.env", "KEY=secret");
  expect(find(["tool"], [".local/bin"]).shown).toEqual([tool]);
  expect(find([script], []).shown).toEqual([script]);
  expect(find(["loose"], [""]).shown).toEqual([]);
  expect(find([file("loose")], []).shown).toEqual([join(home, "loose")]);
});

test("an installer's own folder is shown, not what lies above it", () => {
  const agent = file(".local/share/agent/versions/2.0/agent", "ELF");
  mkdirSync(join(home, ".local/bin"), { recursive: true });
  symlinkSync(agent, join(home, ".local/bin/agent"));
  expect(find(["agent"], [".local/bin"]).shown).toEqual([dirname(agent)]);
  file(".cargo/credentials.toml", "token");
  expect(find([file(".cargo/bin/rg", "ELF")], []).shown).toEqual([join(home, ".cargo/bin")]);
});

test("a program of the workspace is called by its path inside, and nothing is shown for it", () => {
  const tool = file("ws/node_modules/.bin/tool");
  expect(find(["tool"], ["ws/node_modules/.bin"], join(home, "ws"))).toMatchObject({
    command: ["/sandbox/work/node_modules/.bin/tool"],
    shown: [],
  });
  expect(find([tool], [], join(home, "ws")).command).toEqual(["/sandbox/work/node_modules/.bin/tool"]);
});

test("a version that a manager installed is shown whole, with the libraries beside its bin, and nothing above it", () => {
  const version = ".pyenv/versions/3.12.1";
  const python = file(`${version}/bin/python3.12`, "ELF");
  file(`${version}/lib/python3.12/os.py`);
  symlinkSync("python3.12", join(home, version, "bin/python"));
  const { command, shown } = find([join(home, version, "bin/python"), "-V"], []);
  expect(command).toEqual([python, "-V"]);
  expect(shown).toEqual([join(home, version)]);
  // A tool's own folder may hold its keys.
  const tool = file(".tool/bin/tool", "ELF");
  file(".tool/lib/part");
  expect(find([tool], []).shown).toEqual([dirname(tool)]);
  file(".config/deep/tool/lib/part");
  const deep = file(".config/deep/tool/bin/tool", "ELF");
  expect(find([deep], []).shown).toEqual([dirname(deep)]);
});

test.each([
  ["pyenv", ".pyenv/shims", "python"],
  ["asdf", ".asdf/shims", "ruby"],
  ["mise", ".local/share/mise/shims", "python3"],
])("a shim of %s is named as one, with what to write instead", (manager, folder, name) => {
  file(`${folder}/${name}`, `#!/usr/bin/env bash\nexec ${manager} exec "$@"\n`);
  expect(() => find([name], [folder])).toThrow(`is a shim of ${manager}`);
  try {
    find([name], [folder]);
  } catch (error) {
    expect(error).toMatchObject({ exitCode: 126, remedy: expect.stringContaining(`"$(${manager} which ${name})"`) });
  }
});

test("shims that are links to their manager are found, and Node's own lead to the Node that runs us", () => {
  const shim = file(".volta/bin/volta-shim", "ELF");
  for (const name of ["node", "cowsay"]) symlinkSync(shim, join(home, ".volta/bin", name));
  const nodePath = file(".volta/tools/image/node/22.1.0/bin/node", "ELF");
  const path = join(home, ".volta/bin");
  const found = findProgram({ command: ["node", "-v"], path, workspace: null, home, nodePath });
  expect(found.command).toEqual([nodePath, "-v"]);
  expect(() => find(["cowsay"], [".volta/bin"])).toThrow("is a shim of volta");
  expect(find([file(".volta/bin/volta", "ELF")], []).command).toEqual([join(home, ".volta/bin/volta")]);
});

test("a script's interpreter that is a shim is left to the system's own", () => {
  file(".pyenv/shims/python3");
  const script = file(".local/bin/tool", "#!/usr/bin/env python3\n");
  expect(find(["tool"], [".local/bin", ".pyenv/shims"]).shown).toEqual([script]);
});

test("what is shown by hand is never a whole system folder, Creel's own, or where sockets lie", () => {
  const creel = join(home, ".creel/secrets");
  mkdirSync(creel, { recursive: true });
  for (const path of ["/", "/etc", "/tmp", tmpdir(), home, creel, join(home, "none")])
    expect(() => showMounts([path], join(home, ".creel")), path).toThrow();
  expect(showMounts([file("sdk/go")], join(home, ".creel"))).toEqual([join(home, "sdk/go")]);
});

test("ATTACK a policy in the workspace is held under its name, and a link to one is refused", () => {
  const workspace = join(home, "ws2");
  const policy = file("ws2/conf/p.yaml");
  expect(policyName(policy, workspace)).toBe("conf/p.yaml");
  expect(policyName(file("elsewhere.yaml"), workspace)).toBeNull();
  symlinkSync(policy, join(home, "link.yaml"));
  expect(() => policyName(join(home, "link.yaml"), workspace)).toThrow(/link/);
  symlinkSync(join(home, "elsewhere.yaml"), join(workspace, "out.yaml"));
  expect(() => policyName(join(workspace, "out.yaml"), workspace)).toThrow(/link/);
});

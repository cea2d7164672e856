import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { registryHosts, registryOf } from "../src/policy/registry-host.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "creel-registry-"));
  mkdirSync(join(folder, "bin"));
  vi.stubEnv("PATH", `${join(folder, "bin")}:/usr/bin:/bin`);
  vi.stubEnv("PIP_INDEX_URL", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});
/** A client as it would stand on the path: a real program, asked as we ask the real one. */
function client(name: string, script: string): void {
  writeFileSync(join(folder, "bin", name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, "bin", name), 0o755);
}

test("the host is what the client itself would use", async () => {
  client("npm", '[ "$*" = "config get registry" ] && echo https://packages.example.com/npm/');
  expect(await registryOf("npm")).toEqual({
    value: "https://packages.example.com/npm/",
    source: "npm config get registry",
  });
});

test("a user and password in the URL never reach the policy", async () => {
  client("npm", "echo https://me:geheim@packages.example.com/npm/");
  expect((await registryOf("npm"))?.value).toBe("https://packages.example.com/npm/");
});

test("a project's own configuration is not asked: an agent may have written it", async () => {
  vi.stubEnv("HOME", folder);
  client("npm", 'echo "https://$(basename "$PWD").example.com/"');
  expect((await registryOf("npm"))?.value).toBe(`https://${basename(folder).toLowerCase()}.example.com/`);
});

test("pip's environment counts before its files", async () => {
  client("pip", "echo https://files.example.com/simple");
  vi.stubEnv("PIP_INDEX_URL", "https://env.example.com/simple");
  expect(await registryOf("pypi")).toEqual({ value: "https://env.example.com/simple", source: "PIP_INDEX_URL" });
  vi.stubEnv("PIP_INDEX_URL", "");
  expect((await registryOf("pypi"))?.value).toBe("https://files.example.com/simple");
});

test("no client, a client that fails, or one that says nothing: nobody guesses", async () => {
  expect(await registryOf("apt")).toBeNull();
  client("go", "exit 1");
  expect(await registryOf("go")).toBeNull();
  client("go", "echo off");
  expect(await registryOf("go")).toBeNull();
  client("npm", "echo undefined");
  expect(await registryOf("npm")).toBeNull();
});

test("of a list only what names a host is kept", () => {
  expect(registryHosts("https://a.example.com,direct")).toBe("https://a.example.com/");
  expect(registryHosts("https://a.example.com|https://b.example.com/x, off")).toBe(
    "https://a.example.com/,https://b.example.com/x",
  );
  expect(registryHosts("file:///srv/mirror")).toBe("");
});

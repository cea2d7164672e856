import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CredentialUnavailable } from "../src/credentials/credential.ts";
import { commandSource, readOutput } from "../src/credentials/sources/command.ts";
import { fileSource } from "../src/credentials/sources/file.ts";
import { formPoster, oauthSource } from "../src/credentials/sources/oauth.ts";
import { refreshingSource } from "../src/credentials/sources/refreshing.ts";
import {
  CREDENTIAL_EXPIRY_MARGIN_MS,
  CREDENTIAL_RETRY_MS,
  CREDENTIAL_VALUE_CHARS_MAX,
  CREDENTIAL_VALUES_KEPT_MAX,
} from "../src/limits.ts";
import { createUpstream } from "./support/world.ts";

const LIFETIME_MS = 3_600_000;
let nowMs: number;
let problems: string[];
const now = () => nowMs;
const onProblem = (text: string) => void problems.push(text);
let folder: string;
beforeEach(() => {
  nowMs = 1_000_000;
  problems = [];
  folder = mkdtempSync(join(tmpdir(), "creel-source-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A source whose renewals are answered by the test. */
function manual() {
  const asked: { give(value: string): void; fail(error: Error): void }[] = [];
  const source = refreshingSource({
    name: "TOKEN",
    now,
    onProblem,
    obtain: () =>
      new Promise((resolve, reject) => {
        asked.push({ give: (value) => resolve({ value, expiresAtMs: nowMs + LIFETIME_MS }), fail: reject });
      }),
  });
  return { source, asked };
}
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a value that ends", () => {
  it("is obtained once for all who wait", async () => {
    const { source, asked } = manual();
    const waiting = [source.current(), source.current(), source.current()];
    asked[0]?.give("one");
    expect(await Promise.all(waiting)).toEqual(["one", "one", "one"]);
    expect(asked).toHaveLength(1);
  });

  it("is renewed ahead of its end while nobody waits, and the next use has the new one", async () => {
    const { source, asked } = manual();
    const first = source.current();
    asked[0]?.give("one");
    await first;
    nowMs += LIFETIME_MS - CREDENTIAL_EXPIRY_MARGIN_MS - 1;
    expect(await source.current()).toBe("one");
    expect(asked).toHaveLength(1);
    nowMs += 1;
    expect(await source.current()).toBe("one");
    asked[1]?.give("two");
    await settled();
    expect(await source.current()).toBe("two");
    // What is on its way with the old value is still searched for it.
    expect(source.values()).toEqual(["two", "one"]);
  });

  it("is kept when its renewal fails, until its own end and not a moment longer", async () => {
    const { source, asked } = manual();
    const first = source.current();
    asked[0]?.give("one");
    await first;
    nowMs += LIFETIME_MS - CREDENTIAL_EXPIRY_MARGIN_MS;
    await source.current();
    asked[1]?.fail(new CredentialUnavailable("its token endpoint answered 503"));
    await settled();
    expect(await source.current()).toBe("one");
    nowMs += CREDENTIAL_EXPIRY_MARGIN_MS - 1;
    expect(await source.current()).toBe("one");
    nowMs += 1;
    const last = source.current();
    asked.at(-1)?.fail(new CredentialUnavailable("its token endpoint answered 503"));
    await expect(last).rejects.toThrow(
      "The credential TOKEN has ended and could not be renewed (its token endpoint answered 503).",
    );
    expect(source.values()).toEqual(["one"]);
  });

  it("does not ask a failing source at every use", async () => {
    const { source, asked } = manual();
    const first = source.current();
    asked[0]?.fail(new Error("never shown: sk-live-1"));
    await expect(first).rejects.toThrow(CredentialUnavailable);
    await expect(source.current()).rejects.toThrow("could not be obtained (its source failed)");
    expect(asked).toHaveLength(1);
    expect(problems.join()).not.toContain("sk-live-1");
    nowMs += CREDENTIAL_RETRY_MS;
    const again = source.current();
    asked[1]?.give("one");
    expect(await again).toBe("one");
  });

  it("keeps as many former values as its bound says", async () => {
    const { source, asked } = manual();
    for (let turn = 0; turn < CREDENTIAL_VALUES_KEPT_MAX + 2; turn += 1) {
      const use = source.current();
      asked[turn]?.give(`value-${turn}`);
      await use;
      nowMs += LIFETIME_MS;
    }
    expect(source.values()).toHaveLength(CREDENTIAL_VALUES_KEPT_MAX);
    expect(source.values()[0]).toBe(`value-${CREDENTIAL_VALUES_KEPT_MAX + 1}`);
  });
});

describe("a file", () => {
  it("is read anew when it is replaced, and keeps its value when it goes away", async () => {
    const path = join(folder, "token");
    writeFileSync(path, "one\n");
    const source = fileSource({ name: "TOKEN", path, now, onProblem });
    expect(await source.current()).toBe("one");
    writeFileSync(`${path}.new`, "second\n");
    renameSync(`${path}.new`, path);
    expect(await source.current()).toBe("second");
    rmSync(path);
    expect(await source.current()).toBe("second");
    expect(problems).toEqual(["The credential TOKEN could not be renewed: the file cannot be read."]);
    expect(source.values()).toEqual(["second", "one"]);
  });

  it("that is not there leaves no value", async () => {
    const source = fileSource({ name: "TOKEN", path: join(folder, "none"), now });
    await expect(source.current()).rejects.toThrow(CredentialUnavailable);
  });
});

describe("a command", () => {
  const command = (script: string, ...args: string[]) =>
    commandSource({
      name: "TOKEN",
      argv: [process.execPath, "-e", script, "--", ...args],
      env: { HOME: folder },
      lifetimeMs: LIFETIME_MS,
      now,
      onProblem,
    });

  it("prints the value; its arguments are read by no shell", async () => {
    const source = command("console.log(process.argv[1])", "$(id); `id` > x");
    expect(await source.current()).toBe("$(id); `id` > x");
  });

  it("that fails says nothing of what it printed", async () => {
    const source = command("console.error('sk-live-1'); console.log('sk-live-2'); process.exit(1)");
    const error = await source.current().catch((failure: unknown) => String(failure));
    expect(error).toContain("its command failed");
    expect(`${error} ${problems.join()}`).not.toContain("sk-live");
  });

  it("that prints without end is stopped at the bound", async () => {
    const source = command("const w = () => process.stdout.write('x'.repeat(65536), w); w()");
    await expect(source.current()).rejects.toThrow("took too long or printed too much");
  });

  it("may say when the value ends", () => {
    expect(readOutput('{"value": "a", "expires_at": 5}', 0)).toEqual({ value: "a", expiresAtMs: 5000 });
    expect(readOutput('{"value": "a", "expires_at": "1970-01-01T00:00:05Z"}\n', 0).expiresAtMs).toBe(5000);
    expect(readOutput('{"value": "a"}', 7)).toEqual({ value: "a", expiresAtMs: 7 });
    expect(readOutput('{"other": "a"}', 7).value).toBe('{"other": "a"}');
    expect(() => readOutput('{"value": "a", "expires_at": "soon"}', 0)).toThrow("an end that is no time");
  });
});

describe("a token endpoint", () => {
  const grant = { tokenUrl: "https://login.example/token", grant: "refresh_token" as const, clientId: "me" };

  it("is asked with the newest refresh token", async () => {
    const forms: string[] = [];
    const source = oauthSource({
      name: "TOKEN",
      grant: { ...grant, refreshToken: "r1" },
      now,
      post: async (_url, form) => {
        forms.push(form);
        const turn = forms.length;
        return {
          status: 200,
          text: JSON.stringify({ access_token: `a${turn}`, expires_in: 3600, refresh_token: `r${turn + 1}` }),
        };
      },
    });
    expect(await source.current()).toBe("a1");
    nowMs += LIFETIME_MS;
    expect(await source.current()).toBe("a2");
    expect(forms.map((form) => new URLSearchParams(form).get("refresh_token"))).toEqual(["r1", "r2"]);
  });

  it.each([
    ["an error", 400, '{"error":"invalid_grant","error_description":"sk-live-1"}', "answered 400"],
    ["no JSON", 200, "<html>sk-live-1", "answered no JSON"],
    ["no token", 200, "{}", "gave no token"],
  ])("that answers %s leaves no value and none of its words", async (_name, status, text, said) => {
    const source = oauthSource({ name: "TOKEN", grant, now, onProblem, post: async () => ({ status, text }) });
    const error = await source.current().catch((failure: unknown) => String(failure));
    expect(error).toContain(said);
    expect(`${error} ${problems.join()}`).not.toContain("sk-live-1");
  });
});

describe("the way to a token endpoint", () => {
  it("trusts the host's own authorities, follows no redirect and reads no endless answer", async () => {
    const heard: string[] = [];
    const server = await createUpstream("localhost", async (req, res) => {
      let form = "";
      for await (const chunk of req) form += chunk;
      heard.push(`${req.method} ${req.url} ${form}`);
      if (req.url === "/moved") res.writeHead(307, { location: "/token" });
      const write = () => {
        while (!res.destroyed && res.write("x".repeat(CREDENTIAL_VALUE_CHARS_MAX)));
      };
      if (req.url !== "/endless") return void res.end("answer");
      res.on("drain", write);
      write();
    });
    try {
      const url = `https://localhost:${server.port}`;
      const post = formPoster([server.caPem]);
      expect(await post(`${url}/token`, "a=1")).toEqual({ status: 200, text: "answer" });
      expect((await post(`${url}/moved`, "a=2")).status).toBe(307);
      await expect(post(`${url}/endless`, "")).rejects.toThrow("answered too much");
      // Somebody else's authority vouches for nothing here.
      await expect(formPoster([])(`${url}/token`, "a=3")).rejects.toThrow(/certificate/);
      await expect(post(`http://localhost:${server.port}/token`, "a=4")).rejects.toThrow(/[Pp]rotocol/);
      expect(heard).toEqual(["POST /token a=1", "POST /moved a=2", "POST /endless "]);
    } finally {
      await server.close();
    }
  });
});

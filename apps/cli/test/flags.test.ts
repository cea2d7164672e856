import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { CliError } from "../src/exit.ts";
import { parseEnv, parseResolve } from "../src/run/flags.ts";
import { parseSecret } from "../src/run/secret.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const fileWith = (text: string): string => {
  const folder = mkdtempSync(join(tmpdir(), "creel-flags-"));
  folders.push(folder);
  writeFileSync(join(folder, "secret"), text);
  return join(folder, "secret");
};
const failure = (work: () => unknown): CliError => {
  try {
    work();
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
};

describe("--resolve", () => {
  it.each([
    ["api.example.com:443:127.0.0.1", { host: "api.example.com", port: 443, address: "127.0.0.1", addressPort: 443 }],
    [
      "API.example.com:443:127.0.0.1:8443",
      { host: "api.example.com", port: 443, address: "127.0.0.1", addressPort: 8443 },
    ],
    ["a.example:80:[::1]:8080", { host: "a.example", port: 80, address: "::1", addressPort: 8080 }],
    ["a.example:80:[::1]", { host: "a.example", port: 80, address: "::1", addressPort: 80 }],
    ["a.example:80:2001:db8::1", { host: "a.example", port: 80, address: "2001:db8::1", addressPort: 80 }],
  ])("reads %s", (text, expected) => expect(parseResolve(text)).toEqual(expected));

  it.each([
    "a.example",
    "a.example:443",
    "a.example:0:127.0.0.1",
    "a.example:443:localhost",
    "a.example:443:127.0.0.1:70000",
  ])("refuses %s and shows the form", (text) =>
    expect(failure(() => parseResolve(text))).toMatchObject({ exitCode: 2, place: "--resolve" }),
  );
});

describe("--env", () => {
  it("keeps every = of the value", () => expect(parseEnv("A=b=c")).toEqual(["A", "b=c"]));
  it.each(["A", "=b", "1A=b", "A B=c"])("refuses %s", (text) =>
    expect(failure(() => parseEnv(text))).toMatchObject({ exitCode: 2 }),
  );
});

describe("--secret", () => {
  const value = { name: "KEY", origin: { from: "value", value: "s3cret" } };
  it("names a file, which is read again while the sandbox runs", () => {
    const path = fileWith("s3cret\n");
    expect(parseSecret(`KEY=@${path}`, {})).toEqual({ name: "KEY", origin: { from: "file", path } });
    expect(failure(() => parseSecret("KEY=@/nowhere/at/all", {}))).toMatchObject({ exitCode: 2 });
  });
  it("takes the value from a variable", () => expect(parseSecret("KEY=env:MINE", { MINE: "s3cret" })).toEqual(value));
  it("takes the value as it stands", () => expect(parseSecret("KEY=s3cret", {})).toEqual(value));
  it("names a command, divided at blanks and read by no shell", () => {
    const origin = { from: "command", argv: ["sh", "auth", "$(id)"] };
    expect(parseSecret("KEY=exec:sh auth  $(id)", { PATH: "/usr/bin:/bin" })).toEqual({ name: "KEY", origin });
    expect(failure(() => parseSecret("KEY=exec: ", {}))).toMatchObject({ exitCode: 2 });
  });
  it.each(["exec:/nope", "exec:no-such-program", "exec:/etc/passwd", "file:/etc/hostname", "@/nope"])(
    "refuses %s before anything starts, with a remedy",
    (text) => {
      const error = failure(() => parseSecret(`KEY=${text}`, { PATH: "/usr/bin:/bin" }));
      expect(error).toMatchObject({ exitCode: 2, place: "--secret" });
      expect(error?.remedy).toBeTruthy();
    },
  );
  it("takes an executable that is named by its path", () => {
    expect(parseSecret(`KEY=exec:${process.execPath}`, {})).toMatchObject({ origin: { argv: [process.execPath] } });
  });
  it("names a grant for a token endpoint, over TLS alone, and repeats none of its values", () => {
    const grant = {
      token_url: "https://login.example/t",
      grant_type: "client_credentials",
      client_id: "me",
      client_secret: "s3",
    };
    expect(parseSecret(`KEY=oauth:@${fileWith(JSON.stringify(grant))}`, {})).toMatchObject({
      origin: {
        from: "oauth",
        grant: { tokenUrl: "https://login.example/t", grant: "client_credentials", clientSecret: "s3" },
      },
    });
    const slips = [
      { ...grant, token_url: "http://login.example/t" },
      { ...grant, grant_type: "refresh_token" },
      { ...grant, s3: 1 },
    ];
    for (const slip of slips) {
      const error = failure(() => parseSecret(`KEY=oauth:@${fileWith(JSON.stringify(slip))}`, {}));
      expect(error).toMatchObject({ exitCode: 2 });
      expect(error.message).not.toMatch(/s3|login\.example/);
    }
  });
  it("never repeats the value in an error", () => {
    for (const work of [() => parseSecret("1BAD=s3cret", {}), () => parseSecret(`KEY=@${fileWith("s3\ncret")}`, {})]) {
      expect(JSON.stringify([failure(work).message, failure(work).remedy])).not.toContain("s3");
    }
  });
});

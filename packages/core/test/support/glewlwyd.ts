import { execFileSync, spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { findProgram, type Program } from "../../../../scripts/debian-program.ts";
import { freePort } from "../../../db/src/embedded/freePort.ts";
import { CLIENT, type Issuer } from "./issuer.ts";

/** A provider that shares nothing with the other ones here: written in C, with a library of its own for each step. */
export const findGlewlwyd = (): Program =>
  findProgram({
    names: ["glewlwyd"],
    folder: "glewlwyd",
    packages: [
      ...[
        "glewlwyd",
        "glewlwyd-common",
        "sqlite3",
        "libsqlite3-0",
        "libreadline8",
        "libtinfo6",
        "libcbor0.8",
        "libconfig9",
        "libjansson4",
      ],
      ...["libhoel1.4", "libiddawc1.1", "liborcania2.3", "librhonabwy1.1", "libulfius2.7", "libyder2.0", "liboath0"],
      ...["libldap-2.5-0", "libsasl2-2", "libmicrohttpd12", "libmariadb3", "libpq5", "libcurl3-gnutls"],
      ...["libgnutls30", "libnettle8", "libhogweed6", "libp11-kit0", "libtasn1-6", "libunistring2", "libidn2-0"],
      ...["libgmp10", "libffi8", "libnghttp2-14", "librtmp1", "libssh2-1", "libpsl5", "libgssapi-krb5-2", "libbrotli1"],
      ...["libkrb5-3", "libk5crypto3", "libkrb5support0", "libkeyutils1"],
    ],
    remedy: "install glewlwyd and sqlite3 (Debian: apt-get install glewlwyd sqlite3), or make apt-get download work",
  });

const START_MS_MAX = 20_000;
const PASSWORD = "a password of the people";

export async function openGlewlwyd({ path, env }: Program, redirectUri: string): Promise<Issuer> {
  const folder = mkdtempSync(join(tmpdir(), "creel-glewlwyd-"));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const usr = dirname(dirname(path));
  const database = join(folder, "database");
  const tables = gunzipSync(readFileSync(join(usr, "share/doc/glewlwyd/database/init.sqlite3.sql.gz")));
  const programEnv = { ...env, PATH: "/usr/bin:/bin" };
  execFileSync(join(usr, "bin/sqlite3"), [database], { input: tables, env: programEnv });
  mkdirSync(join(folder, "none"));
  const modules = join(usr, "lib/glewlwyd");
  const settings = [
    `port=${port} bind_address="127.0.0.1" external_url="${origin}" api_prefix="api" login_url="login.html"`,
    `cookie_domain="127.0.0.1" cookie_secure=false log_mode="console" log_level="INFO" hash_algorithm="SHA512"`,
    `static_files_path="${join(folder, "none")}" user_middleware_module_path="${join(folder, "none")}"`,
    `user_module_path="${modules}/user" client_module_path="${modules}/client"`,
    `user_auth_scheme_module_path="${modules}/scheme" plugin_module_path="${modules}/plugin"`,
    `database = { type="sqlite3" path="${database}" };`,
  ];
  writeFileSync(join(folder, "conf"), `${settings.join("\n")}\n`);
  const child = spawn(path, ["-c", join(folder, "conf")], { env: programEnv, stdio: ["ignore", "pipe", "pipe"] });
  await new Promise<void>((resolve, reject) => {
    let said = "";
    const timer = setTimeout(() => reject(new Error(`glewlwyd did not start: ${said}`)), START_MS_MAX);
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (piece: Buffer) => {
        said += piece.toString();
        if (!said.includes("Glewlwyd started")) return;
        clearTimeout(timer);
        resolve();
      });
    child.on("exit", () => reject(new Error(`glewlwyd ended: ${said}`)));
  });
  const issuer = `${origin}/api/oidc`;
  const admin = await session(origin, "admin", "password");
  await admin("PUT", "/mod/user/database", {
    module: "database",
    name: "database",
    display_name: "Database",
    order_rank: 0,
    parameters: {
      "use-glewlwyd-connection": true,
      "data-format": { email_verified: { multiple: false, read: true, write: true } },
    },
  });
  await admin("PUT", "/mod/user/database/reset", undefined);
  await admin("POST", "/mod/plugin/", pluginOf(issuer));
  await admin("POST", "/client/", clientOf(redirectUri));
  const people = new Map<string, Record<string, unknown>>();
  return {
    issuer,
    host: `127.0.0.1:${port}`,
    people,
    answer: async (url, subject) => {
      const known = { username: subject, name: subject, password: PASSWORD, enabled: true, scope: ["openid"] };
      await admin("POST", "/user/", { ...known, ...people.get(subject) });
      const person = await session(origin, subject, PASSWORD);
      await person("PUT", `/auth/grant/${CLIENT.id}`, { scope: "openid" });
      // What its own login page adds once somebody has pressed "continue".
      const answer = await person("GET", `${url}&g_continue`, undefined);
      const location = answer.headers.get("location") ?? "";
      if (!location.startsWith(redirectUri)) throw new Error(`it sends people elsewhere: ${location}`);
      return new URL(location);
    },
    close: async () => {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Signs in and answers a way to ask as that person. */
async function session(origin: string, username: string, password: string) {
  const json = { "content-type": "application/json" };
  const body = JSON.stringify({ username, password });
  const answer = await fetch(`${origin}/api/auth/`, { method: "POST", headers: json, body });
  if (!answer.ok) throw new Error(`${username} could not sign in: ${answer.status}`);
  const cookie = answer.headers.getSetCookie().map((line) => line.split(";")[0]);
  return async (method: string, path: string, input: unknown): Promise<Response> => {
    const url = path.startsWith("http") ? path : `${origin}/api${path}`;
    const headers = { ...json, cookie: cookie.join("; ") };
    const given = input === undefined ? {} : { body: JSON.stringify(input) };
    const told = await fetch(url, { method, headers, redirect: "manual", ...given });
    if (told.status >= 400) throw new Error(`${method} ${path}: ${told.status} ${await told.text()}`);
    return told;
  };
}

const clientOf = (redirectUri: string) => ({
  client_id: CLIENT.id,
  name: "Creel",
  enabled: true,
  confidential: true,
  password: CLIENT.secret,
  redirect_uri: [redirectUri],
  authorization_type: ["code"],
  token_endpoint_auth_method: ["client_secret_basic"],
  scope: ["openid"],
});

function pluginOf(iss: string) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...privateKey.export({ format: "jwk" }), kid: "g1", alg: "RS256", use: "sig" };
  const verified = {
    "boolean-value-true": "1",
    "boolean-value-false": "0",
    mandatory: true,
    "on-demand": false,
    scope: [],
  };
  const flows = {
    code: true,
    token: false,
    "id-token": true,
    refresh: false,
    password: false,
    client: false,
    none: false,
  };
  return {
    module: "oidc",
    name: "oidc",
    display_name: "OIDC",
    parameters: {
      iss,
      "jwt-type": "rsa",
      "jwt-key-size": "256",
      "jwks-private": JSON.stringify({ keys: [key] }),
      "default-kid": "g1",
      "jwks-show": true,
      "access-token-duration": 3600,
      "refresh-token-duration": 3600,
      "code-duration": 600,
      "pkce-allowed": true,
      "pkce-method-plain-allowed": false,
      "request-parameter-allow": false,
      "subject-type": "public",
      "allow-non-oidc": true,
      "email-claim": "mandatory",
      "name-claim": "mandatory",
      "scope-claim": "no",
      claims: [{ name: "email_verified", "user-property": "email_verified", type: "boolean", ...verified }],
      ...Object.fromEntries(Object.entries(flows).map(([name, on]) => [`auth-type-${name}-enabled`, on])),
    },
  };
}

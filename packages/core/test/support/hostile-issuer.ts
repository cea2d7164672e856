import { createHmac, createSign, generateKeyPairSync, type KeyObject } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import { CLIENT, portOf } from "./issuer.ts";

/** A provider that says whatever a test wants it to say: everything it serves is well-formed but for that one thing. */
export interface HostileIssuer {
  issuer: string;
  host: string;
  /** The claims of the next ID token, given the nonce that was asked for. */
  claims: (nonce: string) => Record<string, unknown>;
  /** How the next token is signed. */
  sign: (claims: Record<string, unknown>) => string;
  /** Added to the metadata. */
  metadata: Record<string, unknown>;
  /** Plays the person's sign-in: notes the nonce, and answers what the browser brings back. */
  answer(url: string): string;
  close(): Promise<void>;
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url");

export const rs256 =
  (key: KeyObject, kid = "k1") =>
  (claims: Record<string, unknown>): string => {
    const text = `${part({ alg: "RS256", kid })}.${part(claims)}`;
    return `${text}.${createSign("sha256").update(text).sign(key).toString("base64url")}`;
  };
export const unsigned = (claims: Record<string, unknown>): string => `${part({ alg: "none" })}.${part(claims)}.`;
export const hs256 =
  (secret: string) =>
  (claims: Record<string, unknown>): string => {
    const text = `${part({ alg: "HS256" })}.${part(claims)}`;
    return `${text}.${createHmac("sha256", secret).update(text).digest("base64url")}`;
  };

const RSA = { modulusLength: 2048 };
export const strangersKey = (): KeyObject => generateKeyPairSync("rsa", RSA).privateKey;

export async function openHostileIssuer(): Promise<HostileIssuer> {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", RSA);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${portOf(server)}`;
  const issuer = `http://${host}`;
  let nonce = "";
  const self: HostileIssuer = {
    issuer,
    host,
    metadata: {},
    claims: () => ({}),
    sign: rs256(privateKey),
    answer: (url) => {
      const asked = new URL(url).searchParams;
      nonce = asked.get("nonce") ?? "";
      return `?${new URLSearchParams({ code: "a code", state: asked.get("state") ?? "" })}`;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const served = (path: string): unknown => {
    if (path === "/.well-known/openid-configuration")
      return {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ["code"],
        subject_types_supported: ["public"],
        id_token_signing_alg_values_supported: ["RS256"],
        ...self.metadata,
      };
    if (path === "/keys")
      return { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "RS256", use: "sig" }] };
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer, aud: CLIENT.id, iat: now, exp: now + 60, nonce, ...self.claims(nonce) };
    return { access_token: "t", token_type: "Bearer", id_token: self.sign(claims) };
  };
  server.on("request", (request: IncomingMessage, response) => {
    request.resume();
    const { pathname } = new URL(request.url ?? "/", issuer);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(served(pathname)));
  });
  return self;
}

import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import Provider, { type Configuration } from "oidc-provider";

/** A certified provider on loopback, whose people sign in by naming themselves. */
export interface Issuer {
  issuer: string;
  /** `host:port`, as an operator lists it. */
  host: string;
  /** What the provider says of its people, by subject. */
  people: Map<string, Record<string, unknown>>;
  /** Signs somebody in as a browser would, and answers where it sends them back. */
  answer(url: string, subject: string): Promise<URL>;
  close(): Promise<void>;
}

export const CLIENT = { id: "creel", secret: "aSecretOfTheClient0123456789" };

/** On a port of its own where none is named: whoever must be told of it beforehand names one. */
export async function openIssuer(redirectUris: string[], more: Configuration = {}, port = 0): Promise<Issuer> {
  const people = new Map<string, Record<string, unknown>>();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const host = `127.0.0.1:${portOf(server)}`;
  const issuer = `http://${host}`;
  const provider = new Provider(issuer, {
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        redirect_uris: redirectUris,
        grant_types: ["authorization_code"],
        response_types: ["code"],
      },
    ],
    claims: { openid: ["sub"], email: ["email", "email_verified"], profile: ["name", "groups"] },
    // What Creel asks for is in the token itself, as with most providers.
    conformIdTokenClaims: false,
    pkce: { required: () => true },
    features: { devInteractions: { enabled: true } },
    findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
    cookies: { keys: ["of a test"] },
    ...more,
  });
  server.on("request", provider.callback());
  return {
    issuer,
    host,
    people,
    answer: async (url, subject) => await walkThrough(url, subject),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address();
  return address === null || typeof address === "string" ? 0 : address.port;
};

/** Redirects of a sign-in and its two forms; more means that it goes round. */
const STEPS_MAX = 20;

async function walkThrough(start: string, subject: string): Promise<URL> {
  const jar = new Map<string, string>();
  const own = new URL(start).origin;
  let url = new URL(start);
  let form: URLSearchParams | null = null;
  for (let step = 0; step < STEPS_MAX; step++) {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const answer: Response = await fetch(url, {
      redirect: "manual",
      headers: { cookie },
      ...(form === null ? {} : { method: "POST", body: form }),
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    form = null;
    const location = answer.headers.get("location");
    if (location !== null) {
      url = new URL(location, url);
      if (url.origin !== own) return url;
      continue;
    }
    const page = await answer.text();
    const action = /<form[^>]+action="([^"]+)"/.exec(page)?.[1];
    if (action === undefined) throw new Error(`the provider shows no form: ${answer.status} ${page.slice(0, 500)}`);
    url = new URL(action, url);
    const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1] ?? "login";
    form = new URLSearchParams(prompt === "login" ? { prompt, login: subject, password: "x" } : { prompt });
  }
  throw new Error("the sign-in at the provider goes round");
}

import { randomBytes } from "node:crypto";
import type { Fleet } from "../../e2e/support/fleet.ts";

/** A second person, invited and joined as the pages do it; votes with the session's cookie. */
export interface Approver {
  approve(change: { id: string; digest: string }): Promise<{ state: string; planIds: string[] }>;
}

export async function joinApprover(fleet: Fleet): Promise<Approver> {
  const origin = fleet.dev.webUrl;
  const { token } = await fleet.api<{ token: string }>("POST", "/invitations", {
    email: "approver@bench.example",
    role: "approver",
  });
  const jar = new Map<string, string>();
  const call = async (path: string, body?: URLSearchParams | string): Promise<Response> => {
    const response = await fetch(`${origin}${path}`, {
      redirect: "manual",
      headers: {
        origin,
        cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; "),
        ...(typeof body === "string" ? { "content-type": "application/json" } : {}),
      },
      ...(body === undefined ? {} : { method: "POST", body }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      jar.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  };
  const { csrfToken } = (await (await call("/api/auth/csrf")).json()) as { csrfToken: string };
  const password = randomBytes(24).toString("base64url");
  const form = new URLSearchParams({ csrfToken, token, password, name: "Approver", json: "true" });
  const joined = await call("/api/auth/callback/invitation", form);
  if (joined.status >= 400) throw new Error(`joining: ${joined.status} ${await joined.text()}`);
  const ask = (verb: string, json: object) => call(`/api/trpc/${verb}`, JSON.stringify({ json }));
  return {
    approve: async ({ id, digest }) => {
      const vote = { changeId: id, digest, verdict: "approve" };
      let response = await ask("change.vote", vote);
      // A proof of who votes holds for ten minutes; a run on a busy machine may take longer.
      if (response.status === 403 && (await ask("auth.prove", { password })).ok)
        response = await ask("change.vote", vote);
      const text = await response.text();
      if (!response.ok) throw new Error(`voting: ${response.status} ${text.slice(0, 500)}`);
      return (JSON.parse(text) as { result: { data: { json: { state: string; planIds: string[] } } } }).result.data
        .json;
    },
  };
}

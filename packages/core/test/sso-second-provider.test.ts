import { expect, test } from "vitest";
import { auth, sso } from "../src/index.ts";
import { makeOrg, openFleet } from "./support/fleet.ts";
import { findGlewlwyd, openGlewlwyd } from "./support/glewlwyd.ts";
import { openHouse, settings, signInBy, verify } from "./support/sso.ts";

const MINUTE_MS = 60_000;

test("a second, independent provider signs people in: Glewlwyd", { timeout: 4 * MINUTE_MS }, async () => {
  const program = findGlewlwyd();
  const fleet = await openFleet();
  fleet.clock.now = new Date();
  const acme = await makeOrg(fleet, "acme");
  const issuer = await openGlewlwyd(program, `https://creel.example/api/auth/sso/callback/${acme.orgId}`);
  try {
    const house = openHouse(fleet, [issuer]);
    const ctx = house.ctx(house.owner(acme));
    await sso.save({ ctx, input: settings(issuer) });
    expect(await sso.check({ ctx, input: {} })).toEqual({ ok: true, problem: null });
    await verify(house, acme, "acme.example");
    issuer.people.set("ann", { email: "ann@acme.example", email_verified: "1" });
    const signedIn = await signInBy(house, issuer, { email: "ann@acme.example", subject: "ann" });
    const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: signedIn.token } });
    expect(actor?.grants.map(({ role }) => role)).toEqual(["viewer"]);
    issuer.people.set("bea", { email: "bea@acme.example", email_verified: "0" });
    const unvouched = signInBy(house, issuer, { email: "bea@acme.example", subject: "bea" });
    await expect(unvouched).rejects.toMatchObject({ code: "sso_refused" });
  } finally {
    await issuer.close();
    await fleet.close();
  }
});

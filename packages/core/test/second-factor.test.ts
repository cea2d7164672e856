import { randomBytes, randomUUID } from "node:crypto";
import postgres from "postgres";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { base32, codeAt, stepAt, stepOfCode, totpUri } from "../src/auth/totp.ts";
import { auth, CreelError, invitation, type UserActor } from "../src/index.ts";
import { fromBase32 } from "./support/authenticator.ts";
import { type Fleet, makeOrg, openFleet, PASSWORD, type TestOrg } from "./support/fleet.ts";

describe("codes by time", () => {
  /** RFC 6238 appendix B, SHA-1. */
  const SECRET = Buffer.from("12345678901234567890");
  test.each([
    [59, "94287082"],
    [1_111_111_109, "07081804"],
    [1_111_111_111, "14050471"],
    [1_234_567_890, "89005924"],
    [2_000_000_000, "69279037"],
    [20_000_000_000, "65353130"],
  ])("at %i seconds are those of the standard", (seconds, code) => {
    expect(codeAt(SECRET, stepAt(new Date(seconds * 1000)), 8)).toBe(code);
  });
  /** RFC 4226 appendix D. */
  test("by counter are those of the standard", () => {
    const codes = Array.from({ length: 10 }, (_, at) => codeAt(SECRET, at));
    expect(codes).toEqual("755224 287082 359152 969429 338314 254676 287922 162583 399871 520489".split(" "));
  });
  test("hold for a step either way, and never for one that was taken", () => {
    const now = new Date("2026-05-03T10:00:15.000Z");
    const step = stepAt(now);
    for (const drift of [-2, -1, 0, 1, 2])
      expect(stepOfCode(SECRET, codeAt(SECRET, step + drift), { now, lastStep: null })).toBe(
        Math.abs(drift) <= 1 ? step + drift : null,
      );
    expect(stepOfCode(SECRET, codeAt(SECRET, step), { now, lastStep: step })).toBe(null);
    expect(stepOfCode(SECRET, codeAt(SECRET, step + 1), { now, lastStep: step })).toBe(step + 1);
    for (const nonsense of ["", "12345", "1234567", "abcdef", `${codeAt(SECRET, step)}\0`])
      expect(stepOfCode(SECRET, nonsense, { now, lastStep: null })).toBe(null);
  });
  /** RFC 4648 section 10. */
  test("have secrets that apps read", () => {
    const words = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map((text) => base32(Buffer.from(text)));
    expect(words).toEqual(["", "MY", "MZXQ", "MZXW6", "MZXW6YQ", "MZXW6YTB", "MZXW6YTBOI"]);
    expect(totpUri("MZXW6", { issuer: "Creel", account: "a b@c.example" })).toBe(
      "otpauth://totp/Creel%3Aa%20b%40c.example?secret=MZXW6&issuer=Creel&algorithm=SHA1&digits=6&period=30",
    );
  });
});

describe("a second factor", () => {
  let fleet: Fleet;
  let acme: TestOrg;
  let secret: Buffer = Buffer.alloc(0);
  beforeAll(async () => {
    fleet = await openFleet();
  });
  afterAll(async () => await fleet?.close());
  /** A person of their own for each test, because tries and codes belong to a person. */
  beforeEach(async () => {
    acme = await makeOrg(fleet, `acme-${randomUUID().slice(0, 8)}`);
    recoveryCodes = [];
  });
  afterEach(() => pass(60 * 60_000));

  const pass = (ms: number) => {
    fleet.clock.now = new Date(fleet.clock.now.getTime() + ms);
  };
  const signIn = (more: { password?: string; code?: string; address?: string } = {}) =>
    auth.signIn({ ctx: fleet.ctx(null), input: { email: acme.email, password: PASSWORD, ...more } });
  const said = async (work: () => Promise<unknown>): Promise<string> => {
    try {
      await work();
      return "done";
    } catch (error) {
      return error instanceof CreelError ? error.code : String(error);
    }
  };
  /** Somebody signed in a moment ago. */
  const person = async (code?: string): Promise<UserActor> => {
    const { token } = await signIn(code === undefined ? {} : { code });
    const actor = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token } });
    if (actor === null) throw new Error("not signed in");
    return actor;
  };
  const code = () => codeAt(secret, stepAt(fleet.clock.now));
  let recoveryCodes: string[] = [];
  const setUp = async (actor: UserActor) => {
    const begun = await auth.beginTotp({ ctx: fleet.ctx(actor), input: {} });
    secret = fromBase32(begun.secret);
    ({ recoveryCodes } = await auth.confirmTotp({ ctx: fleet.ctx(actor), input: { code: code() } }));
    pass(30_000);
  };

  test("is asked for once a code confirmed it, and not before", async () => {
    const actor = await person();
    await auth.beginTotp({ ctx: fleet.ctx(actor), input: {} });
    expect(await said(() => signIn())).toBe("done");
    await setUp(await person());
    expect(await said(() => signIn())).toBe("second_factor_required");
    expect(await said(() => signIn({ code: "000000" }))).toBe("unauthenticated");
    expect(await said(() => signIn({ code: code() }))).toBe("done");
  });

  test("tells somebody with a wrong password nothing of itself", async () => {
    await setUp(await person());
    const wrong = await signIn({ password: "not the password at all" }).catch(
      (error: CreelError) => error.publicMessage,
    );
    const both = await signIn({ password: "not the password at all", code: code() }).catch(
      (error: CreelError) => error.publicMessage,
    );
    expect(wrong).toBe("The e-mail address or the password is wrong.");
    expect(both).toBe(wrong);
    // And took nothing of the code.
    expect(await said(() => signIn({ code: code() }))).toBe("done");
  });

  test("takes each code once, also from many at the same moment", async () => {
    await setUp(await person());
    const one = code();
    const answers = await Promise.all(Array.from({ length: 5 }, () => said(() => signIn({ code: one }))));
    expect(answers.filter((answer) => answer === "done")).toHaveLength(1);
    expect(await said(() => signIn({ code: one }))).toBe("unauthenticated");
    pass(30_000);
    expect(await said(() => signIn({ code: code() }))).toBe("done");
  });

  test("is stood in for by each recovery code, once", async () => {
    await setUp(await person());
    expect(recoveryCodes).toHaveLength(10);
    const [first = "", second = ""] = recoveryCodes;
    expect(first).toMatch(/^([0-9a-f]{5}-){3}[0-9a-f]{5}$/);
    expect(await said(() => signIn({ code: first.toUpperCase().replaceAll("-", " ") }))).toBe("done");
    expect(await said(() => signIn({ code: first }))).toBe("unauthenticated");
    const actor = await person(second);
    expect(await auth.listFactors({ ctx: fleet.ctx(actor), input: {} })).toMatchObject({ recoveryCodesLeft: 8 });
    const fresh = await auth.newRecoveryCodes({ ctx: fleet.ctx(actor), input: {} });
    expect(await said(() => signIn({ code: recoveryCodes[2] ?? "" }))).toBe("unauthenticated");
    expect(await said(() => signIn({ code: fresh.recoveryCodes[0] ?? "" }))).toBe("done");
  });

  test("ends every other sign-in of the person, which knew no code", async () => {
    const elsewhere = await signIn();
    await setUp(await person());
    expect(await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: elsewhere.token } })).toBe(null);
  });

  test("is set up, replaced and taken away only by somebody who proved who they are a moment ago", async () => {
    const actor = await person();
    pass(10 * 60_000 + 1);
    for (const verb of [auth.beginTotp, auth.removeTotp, auth.newRecoveryCodes])
      expect(await said(() => verb({ ctx: fleet.ctx(actor), input: {} }))).toBe("proof_required");
    expect(await said(() => auth.confirmTotp({ ctx: fleet.ctx(actor), input: { code: "000000" } }))).toBe(
      "proof_required",
    );
    // Nothing was ever proved.
    const unproved = { ...acme.as("owner"), provedAt: null };
    expect(await said(() => auth.removeTotp({ ctx: fleet.ctx(unproved), input: {} }))).toBe("proof_required");
  });

  test("is asked for before the password changes, once it is set up", async () => {
    const change = (actor: UserActor) =>
      said(() => auth.changePassword({ ctx: fleet.ctx(actor), input: { current: PASSWORD, next: PASSWORD } }));
    const actor = await person();
    pass(11 * 60_000);
    expect(await change(actor)).toBe("done");
    await setUp(await person());
    const guarded = await person(code());
    pass(11 * 60_000);
    expect(await change(guarded)).toBe("proof_required");
    expect(await change({ ...guarded, provedAt: fleet.clock.now })).toBe("done");
  });

  test("is part of proving it again", async () => {
    await setUp(await person());
    const actor = await person(code());
    pass(11 * 60_000);
    const prove = (input: { password: string; code?: string }) => auth.prove({ ctx: fleet.ctx(actor), input });
    expect(await said(() => prove({ password: PASSWORD }))).toBe("second_factor_required");
    expect(await said(() => prove({ password: PASSWORD, code: "000000" }))).toBe("forbidden");
    expect(await said(() => prove({ password: "not the password at all", code: code() }))).toBe("forbidden");
    await prove({ password: PASSWORD, code: code() });
    const [row] = (await auth.listSessions({ ctx: fleet.ctx(actor), input: {} })).items;
    expect(row?.current).toBe(true);
    await auth.removeTotp({ ctx: fleet.ctx({ ...actor, provedAt: fleet.clock.now }), input: {} });
    expect(await said(() => signIn())).toBe("done");
  });

  test("that was offered and not confirmed in time is confirmed by nothing", async () => {
    const actor = await person();
    const begun = await auth.beginTotp({ ctx: fleet.ctx(actor), input: {} });
    secret = fromBase32(begun.secret);
    pass(15 * 60_000 + 1);
    const late = { ...actor, provedAt: fleet.clock.now };
    expect(await said(() => auth.confirmTotp({ ctx: fleet.ctx(late), input: { code: code() } }))).toBe("conflict");
  });

  test("a switch to another org proves nothing that the sign-in before it did not", async () => {
    const globex = await makeOrg(fleet, `globex-${randomUUID().slice(0, 8)}`);
    const invited = await invitation.create({
      ctx: fleet.ctx(globex.as("owner")),
      input: { email: acme.email, role: "viewer" },
    });
    await invitation.accept({ ctx: fleet.ctx(null), input: { token: invited.token, password: PASSWORD } });
    const actor = await person();
    pass(11 * 60_000);
    const orgId = actor.orgId === acme.orgId ? globex.orgId : acme.orgId;
    const other = await auth.switchOrg({ ctx: fleet.ctx(actor), input: { orgId } });
    const there = await auth.resolveSession({ ctx: fleet.ctx(null), input: { token: other.token } });
    expect(await said(() => auth.beginTotp({ ctx: fleet.ctx(there), input: {} }))).toBe("proof_required");
  });

  test("guesses of codes and passwords count together, before they are judged, whichever server is asked", async () => {
    await setUp(await person());
    const guesses = await Promise.all(
      Array.from({ length: 12 }, (_, at) =>
        said(() => signIn(at % 2 === 0 ? { code: "000000" } : { password: "not the password at all" })),
      ),
    );
    expect(guesses.filter((answer) => answer === "rate_limited")).toHaveLength(2);
    expect(await said(() => signIn({ code: code() }))).toBe("rate_limited");
    pass(15 * 60_000);
    expect(await said(() => signIn({ code: code() }))).toBe("done");
  });

  test("guesses at many accounts from one address end, and from another go on", async () => {
    const [here, elsewhere] = [randomBytes(4).toString("hex"), randomBytes(4).toString("hex")];
    const guess = (at: number, address: string) =>
      said(() =>
        auth.signIn({
          ctx: fleet.ctx(null),
          input: { email: `nobody-${at}@acme.example`, password: "not it", address },
        }),
      );
    // The first hundred are let through to the password, which takes its time; so they are counted as the database counts.
    const superuser = postgres(fleet.ownerUrl, { max: 1, prepare: false });
    await guess(0, here);
    await superuser`alter table auth_tries no force row level security`;
    await superuser`update auth_tries set count = 99 where count = 1 and key <> ''`;
    await superuser`alter table auth_tries force row level security`;
    await superuser.end();
    expect([await guess(1, here), await guess(2, here), await guess(3, elsewhere)]).toEqual([
      "unauthenticated",
      "rate_limited",
      "unauthenticated",
    ]);
  });

  test("no row of the database holds a secret or a recovery code", async () => {
    await setUp(await person());
    const superuser = postgres(fleet.ownerUrl, { max: 1, prepare: false });
    const parts = [];
    for (const table of ["user_totp", "user_recovery_codes", "audit_events", "sessions"]) {
      await superuser`alter table ${superuser(table)} no force row level security`;
      parts.push(JSON.stringify(await superuser`select * from ${superuser(table)}`));
      await superuser`alter table ${superuser(table)} force row level security`;
    }
    await superuser.end();
    const everything = parts.join("\n");
    expect(everything).toContain("auth.confirmTotp");
    for (const form of [
      base32(secret),
      secret.toString("hex"),
      secret.toString("base64"),
      secret.toString("base64url"),
    ])
      expect(everything).not.toContain(form);
    for (const each of recoveryCodes) {
      expect(everything).not.toContain(each);
      expect(everything).not.toContain(each.replaceAll("-", ""));
    }
  });
});

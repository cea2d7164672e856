import { beforeEach, expect, it } from "vitest";
import { policyWorkshop } from "./policy-support.ts";
import { restServer } from "./rest-server.ts";

const shop = policyWorkshop();
const ID = "0190f5c2-7b1a-7c3e-8f00-0000000000cc";
const asked: string[] = [];
restServer((request, response) => {
  asked.push(`${request.method} ${request.url?.replace("/api/v1", "")}`);
  response.setHeader("content-type", "application/json");
  response.end(JSON.stringify({ changeId: ID, state: "withdrawn", reason: null }));
});
beforeEach(() => {
  asked.length = 0;
});

it.each(["approve", "reject"])(
  "%s asks the server for nothing, and says on which page a person does it",
  async (verb) => {
    const digest = `sha256:${"0".repeat(64)}`;
    for (const more of [[], ["--digest", digest, "--comment", "looks fine"]]) {
      const { code, out, err } = await shop.creel(["approval", verb, ID, ...more]);
      expect([code, out]).toEqual([1, ""]);
      expect(err).toContain("a person who is signed in");
      expect(err).toContain(`${process.env.CREEL_URL}/changes/${ID}`);
    }
    expect(await shop.creel(["approval", verb, "../secrets"])).toMatchObject({ code: 2 });
    expect(asked).toEqual([]);
  },
);

it("withdraw takes a change back", async () => {
  expect(await shop.creel(["approval", "withdraw", ID])).toMatchObject({ code: 0, out: "withdrawn\n" });
  expect(asked).toEqual([`POST /changes/${ID}/withdraw`]);
});

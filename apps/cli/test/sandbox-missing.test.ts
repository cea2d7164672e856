import { describe, expect, it } from "vitest";
import { policyWorkshop } from "./policy-support.ts";
import { restServer } from "./rest-server.ts";

const shop = policyWorkshop();
/** What the server answers next, with status 404. */
let answer: { type: string; body: string };
const problem = {
  type: "application/problem+json",
  body: JSON.stringify({ code: "not_found", detail: "There is nothing here that you may see." }),
};
restServer((_request, response) => {
  response.writeHead(404, { "content-type": answer.type });
  response.end(answer.body);
});

describe("a sandbox that is not there is named, with the way to those that are", () => {
  it.each([
    [["logs", "nope"]],
    [["exec", "nope", "--", "true"]],
    [["start", "nope"]],
    [["stop", "nope"]],
    [["restart", "nope"]],
    [["kill", "nope"]],
    [["quarantine", "nope"]],
    [["release", "nope", "--reason", "looked at"]],
  ])("%j", async (args) => {
    answer = problem;
    const { code, out, err } = await shop.creel(["sandbox", ...args]);
    expect(err).toContain('no sandbox named "nope"');
    expect(err).toContain("`creel sandbox ls`");
    expect(err).not.toContain("http://");
    expect(out).toBe("");
    expect(code).toBe(1);
  });

  it("is said as JSON where that was asked for", async () => {
    answer = problem;
    const { code, out } = await shop.creel(["sandbox", "stop", "nope", "--json"]);
    expect(JSON.parse(out)).toMatchObject({ error: { message: 'no sandbox named "nope"' } });
    expect(code).toBe(1);
  });

  it("is not concluded from a 404 that the server did not give", async () => {
    answer = { type: "text/html", body: "<h1>Not Found</h1>" };
    const { code, err } = await shop.creel(["sandbox", "stop", "nope"]);
    expect(err).toContain("status 404");
    expect(err).not.toContain("no sandbox named");
    expect(code).toBe(1);
  });
});

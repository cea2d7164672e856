import { randomUUID } from "node:crypto";
import { notice, token } from "@creel/core";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startReceiver } from "../../../packages/notices/test/receivers.ts";
import { sendNotice } from "../src/notices.ts";
import { type TestHub, testHub } from "./harness.ts";

let hub: TestHub;
beforeAll(async () => {
  hub = await testHub();
});
afterAll(async () => await hub?.close());

test("what happens in an org reaches its webhook signed, with a link to the dashboard; a failure stands on the channel", async () => {
  let status = 204;
  const receiver = await startReceiver(() => ({ status }));
  const { actor } = await hub.makeOrg(`n${randomUUID().slice(0, 8)}`);
  const ctx = { ...hub.ctx(actor), noticeHosts: [receiver.host] };
  const made = await notice.createChannel({
    ctx,
    input: { name: "ops", target: { kind: "webhook", url: `${receiver.origin}/hook` }, topics: ["token.create"] },
  });
  const settings = { webUrl: "https://creel.test", mail: null, trusted: [receiver.host], now: () => new Date() };
  const system = hub.ctx({ kind: "system", reason: "test" });
  const sendAll = async () => {
    for (const which of await notice.due({ ctx: system, input: {} })) await sendNotice(system, which, settings);
  };
  await token.create({ ctx, input: { name: "ci", role: "viewer" } });
  await sendAll();
  await sendAll();
  const [got, ...more] = receiver.received;
  expect(more).toEqual([]);
  const headers = Object.fromEntries(Object.entries(got?.headers ?? {}).map(([name, value]) => [name, String(value)]));
  expect(new Webhook(made.secret ?? "").verify(got?.body ?? "", headers)).toMatchObject({
    type: "token.create",
    data: { notices: [{ title: "token ci was made", link: "https://creel.test/audit" }] },
  });
  status = 503;
  await token.create({ ctx, input: { name: "ci-2", role: "viewer" } });
  await sendAll();
  const { items } = await notice.listChannels({ ctx, input: {} });
  expect(items).toMatchObject([{ lastReason: "It answered 503.", waiting: 1, failures: 0 }]);
  await receiver.close();
});

/** Threat: an upgrade that is allowed becomes a way past the policy for whatever follows it. */
import { groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, noCredential, prints, serverGot, serverNeverGot } from "../witness.ts";

const attack = groupOf("http", ["egress", "rules"]);
/** Each message a text of GraphQL; the one that is denied must not arrive, in whatever pieces. */
const talk = (frames: string, path = "/live", how = "{ ms: 900 }") =>
  node(`
const query = (field) => JSON.stringify({ id: "1", type: "subscribe", payload: { query: "query { " + field + " }" } });
say(await wsTalk(host("live"), "${path}", [${frames}], ${how}))`);
const denied = { promise: "rules", expect: serverNeverGot("live", /^message .*(secret|raw)/) };

export const websocket: Case[] = [
  attack("ws-honest", "control: an allowed message gets there and back", {
    promise: "honest-work",
    control: true,
    // As long as an honest program would wait; it ends with the answer.
    program: talk('wsFrame(query("viewer"))', "/live", "{ ms: 15_000, until: /heard .*viewer/ }"),
    expect: all(serverGot("live", /^message .*viewer/), prints(/heard .*viewer/)),
  }),
  attack("ws-denied-text", "sends a message that the rules deny", {
    ...denied,
    program: talk('wsFrame(query("secretKeys"))'),
  }),
  attack("ws-denied-after-allowed", "sends it behind one that is allowed", {
    ...denied,
    program: talk('wsFrame(query("viewer")), wsFrame(query("secretKeys"))'),
  }),
  attack("ws-fragments", "sends it in fragments, none of which is denied by itself", {
    ...denied,
    program: talk(
      'wsFrame(query("secretKeys").slice(0, 60), { final: false }), wsFrame(query("secretKeys").slice(60), { opcode: 0 })',
    ),
  }),
  attack("ws-fragments-ping", "puts a ping between the fragments, so that a reader loses its place", {
    ...denied,
    program: talk(
      'wsFrame(query("secretKeys").slice(0, 60), { final: false }), wsFrame("p", { opcode: 9 }), wsFrame(query("secretKeys").slice(60), { opcode: 0 })',
    ),
  }),
  attack("ws-binary", "sends it as a binary message, which nobody can read by the rules", {
    ...denied,
    program: talk('wsFrame(query("secretKeys"), { opcode: 2 }), wsFrame("raw", { opcode: 2 })'),
  }),
  attack("ws-not-graphql", "sends a text that is not what the rules speak of", {
    ...denied,
    program: talk('wsFrame("raw secret")'),
  }),
  attack("ws-unmasked", "sends a frame without a mask, which servers and proxies read differently", {
    ...denied,
    program: talk('Buffer.concat([Buffer.from([129, 10]), Buffer.from("raw secret")])'),
  }),
  attack("ws-reserved", "marks a frame as compressed, which nobody agreed on", {
    ...denied,
    program: talk('((f) => (f[0] |= 0x40, f))(wsFrame(query("secretKeys")))'),
  }),
  attack("ws-other-opcode", "uses an opcode that nobody knows", {
    ...denied,
    program: talk('wsFrame("raw secret", { opcode: 3 })'),
  }),
  attack("ws-pipelined-request", "sends a request in place of frames", {
    ...denied,
    program: talk('"GET /admin HTTP/1.1\\nHost: live.creel.example\\n\\n"'),
    expect: serverNeverGot("live", /admin/),
  }),
  attack("ws-other-path", "upgrades at a path that no rule names", {
    ...denied,
    program: talk('wsFrame(query("viewer"))', "/other"),
    expect: all(serverNeverGot("live", /./), neverPrints(/101 Switching/)),
  }),
  attack("ws-placeholder", "sends the placeholder in a message where nothing is put in its place", {
    promise: "credential-bound",
    needs: ["credentials"],
    program: talk('wsFrame(query("viewer(t: \\"" + process.env.TOKEN + "\\")"))'),
    expect: noCredential,
  }),
];

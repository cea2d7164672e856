/** Threat: a sandbox takes more of the network, or lives longer, than its policy says. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { groupOf, node, sh } from "../attack.ts";
import { runCreel } from "../creel-run.ts";
import type { Case } from "../model.ts";
import { under } from "../reload.ts";
import type { Stage } from "../stage.ts";
import { all, neverPrints, prints } from "../witness.ts";

const attack = groupOf("resources", ["limits", "egress"]);
const bounded = { promise: "limits" };
const limitsOf = (lines: string) => `sandbox: { limits: { ${lines} } }\n`;

/** A command under a policy that gives it nothing but limits. */
const lived = (lines: string, script: string) => (stage: Stage) => {
  const file = join(stage.base, `limits-${lines.replaceAll(/\W+/g, "-")}.yaml`);
  writeFileSync(file, `version: 1\n${limitsOf(lines)}network_policies: {}\n`);
  return runCreel(stage, ["run", "--policy", file, "--", "sh", "-c", script]);
};

export const limits: Case[] = [
  attack("lim-requests", "asks more often than its policy allows in a minute", {
    ...bounded,
    program: node(
      `for (let i = 0; i < 12; i++) { const r = await ask("https://" + host("api") + "/v1/often" + i); say(r.failed ?? r.status); }`,
    ),
    run: under(limitsOf("requests_per_minute: 5")),
    expect: all(prints(/^429$/m), {
      says: "at most five requests arrive, those of the minute before counted",
      async check(seen) {
        await seen.settled();
        return seen.hits.length <= 5 ? null : `${seen.hits.length} arrived`;
      },
    }),
  }),
  attack("lim-connections", "holds more connections than its policy allows", {
    ...bounded,
    program: node(
      `const to = await lookup(host("api")), open = []; for (let i = 0; i < 40; i++) { const s = tls.connect({ host: to, port: 443, servername: host("api") }); s.on("error", () => {}); s.on("secureConnect", () => { s.write("POST /v1/items HTTP/1.1\\r\\nHost: api.creel.example\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n1\\r\\na\\r\\n"); }); open.push(s); await sleep(30); } const live = () => open.filter((s) => s.readyState === "open").length; for (let i = 0; i < 200 && (live() > 6 || i < 5); i++) await sleep(100); say("LIVE " + live()); process.exit(0)`,
    ),
    run: under(limitsOf("connections: 6")),
    expect: {
      says: "at most six stay open, and no more requests arrive",
      async check(seen) {
        await seen.settled();
        const live = Number(/LIVE (\d+)/.exec(seen.out)?.[1] ?? 99);
        return live <= 6 && seen.hits.length <= 6 ? null : `${live} live, ${seen.hits.length} requests`;
      },
    },
  }),
  attack("lim-bandwidth", "sends more bytes a second than its policy allows", {
    ...bounded,
    program: node(
      `const began = Date.now(); const r = await ask("https://" + host("api") + "/v1/items", { method: "POST", body: "x".repeat(300000) }); say(r.failed ?? r.status); say("took " + (Date.now() - began) + " ms")`,
    ),
    run: under(limitsOf("bytes_per_second: 200000")),
    expect: {
      says: "300 kB there and back take more than a second at 200 kB a second",
      check: ({ out }) => (Number(/took (\d+)/.exec(out)?.[1] ?? 0) > 1_000 ? null : out.slice(0, 100)),
    },
  }),
  attack("lim-lifetime", "ignores every signal when its time is over", {
    ...bounded,
    needs: ["door"],
    program: sh("true"),
    run: lived(
      "lifetime_seconds: 1",
      "trap '' TERM INT HUP QUIT; (trap '' TERM; sleep 100) & sleep 40; sleep 40; echo STILL",
    ),
    expect: all(neverPrints(/STILL/), prints(/lifetime|longer|life/i)),
  }),
  attack("lim-idle", "waits without doing anything, to outlive its idle time", {
    ...bounded,
    needs: ["door"],
    program: sh("true"),
    run: lived("idle_seconds: 1", "trap '' TERM INT; sleep 50; echo STILL"),
    expect: all(neverPrints(/STILL/), prints(/idle|network|output/i)),
  }),
];

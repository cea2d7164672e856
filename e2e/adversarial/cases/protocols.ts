/** Threat: bytes leave by a protocol, a family or a listener that no rule sees. */
import { calls, groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, nothingAnywhere, nothingReached, prints, refused, serverGot } from "../witness.ts";

const attack = groupOf("network");
const sealed = { promise: "egress-sealed" };

export const protocols: Case[] = [
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
      `const open = []; const to = await lookup(host("api")); for (let i = 0; i < 700; i++) { const s = net.connect(443, to); s.on("error", () => {}); open.push(s); } const live = () => open.filter((s) => s.readyState === "open").length; for (let i = 0; i < 100 && (live() >= 600 || i < 5); i++) await sleep(100); say("LIVE " + live()); for (const s of open) s.destroy(); say(await recovers("https://" + host("api") + "/v1/after")); process.exit(0)`,
    ),
    expect: {
      says: "fewer than 600 stay open, and the gateway still serves",
      check: ({ out }) =>
        Number(/LIVE (\d+)/.exec(out)?.[1] ?? 9999) < 600 && /^200$/m.test(out) ? null : out.slice(0, 200),
    },
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

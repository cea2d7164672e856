import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isPlainName, settleHost } from "../src/canonical/host.ts";
import { isCanonicalPath, settlePath } from "../src/canonical/path.ts";
import { addressClass, addressWithin, canonicalHost, canonicalPath } from "../src/index.ts";

describe("canonicalHost", () => {
  test.each([
    ["API.Example.COM", "api.example.com"],
    ["example.com.", "example.com"],
    ["bücher.example", "xn--bcher-kva.example"],
    ["BÜCHER.example", "xn--bcher-kva.example"],
    ["ｅxample。com", "example.com"],
    ["127.1", "127.0.0.1"],
    ["0177.0.0.1", "127.0.0.1"],
    ["0x7f.0.0.1", "127.0.0.1"],
    ["2130706433", "127.0.0.1"],
    ["0x7F000001", "127.0.0.1"],
    ["１２７.0.0.1", "127.0.0.1"],
    ["[::1]", "::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["[::ffff:10.0.0.1]", "10.0.0.1"],
    ["::FFFF:a00:1", "10.0.0.1"],
    ["_dmarc.example.com", "_dmarc.example.com"],
    ["example．com", "example.com"],
    ["example｡com", "example.com"],
    ["exam\u200bple.com", "example.com"],
    ["exam\u00adple.com", "example.com"],
    ["\u{1d41a}.com", "a.com"],
    ["\u212a.com", "k.com"],
    ["раypal.com", "xn--ypal-43d9g.com"],
    ["XN--80AK6AA92E.com", "xn--80ak6aa92e.com"],
    ["faß.de", "xn--fa-hia.de"],
    ["a\u0301.com", "xn--1ca.com"],
    ["0x7f.1", "127.0.0.1"],
    ["127.1.", "127.0.0.1"],
    ["127。0。0。1", "127.0.0.1"],
    ["①②⑦.0.0.1", "127.0.0.1"],
    ["1.1.1.1\u3002", "1.1.1.1"],
    ["0.0.0.0x", "0.0.0.0"],
    ["[::ffff:1.2.3.4]", "1.2.3.4"],
    ["0x.com", "0x.com"],
    ["a--b.com", "a--b.com"],
  ])("%s is %s", (raw, canonical) => expect(canonicalHost(raw)).toBe(canonical));

  test.each([
    "",
    ".",
    "a..b",
    "example.com..",
    ".example.com",
    "a b",
    "a%2eb",
    "user@host",
    "a/b",
    "a\\b",
    "a#b",
    "a?b",
    "a:80",
    "[::1",
    "::1]",
    "fe80::1%eth0",
    "256.1.1.1",
    "1.2.3.4.5",
    "foo.1",
    "a\u0000b",
    `${"a".repeat(64)}.com`,
    "-a.com",
    "a,b",
    "\u200dexample.com",
    "xn--a",
    "xn--.com",
    "xn--a-.com",
    "ex%61mple.com",
    "[::1]:80",
    "[1.2.3.4]",
    "1.2.3.4:5",
    "[::1%25eth0]",
    "4294967296",
    "foo.0x1",
    "1٣.0.0.1",
    "example.com\u3002\u3002",
    "\u3002com",
    "a\u2024b.com",
    "a.com\u202e",
    "ex\u2028ample.com",
    "*.example.com",
  ])("%j is refused", (raw) => expect(canonicalHost(raw)).toBeNull());

  test("reads a plain name at a glance only where the full reading would leave it as it is", () => {
    const label = fc.stringMatching(/^[a-z0-9_-]{1,6}$/);
    const name = fc.oneof(
      fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
      fc.stringMatching(/^[a-z0-9._-]{1,12}$/),
      fc.constantFrom(
        "xn--a.com",
        `${"a".repeat(63)}.com`,
        `${"a".repeat(64)}.com`,
        `${"abc.".repeat(63)}c`,
        `${"abc.".repeat(64)}c`,
      ),
    );
    let plain = 0;
    fc.assert(
      fc.property(name, (raw) => {
        if (!isPlainName(raw)) return;
        plain++;
        expect(settleHost(raw)).toBe(raw);
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });

  test("is idempotent", () => {
    const any = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.domain(),
      fc.ipV4Extended(),
      fc.ipV6(),
      fc.stringMatching(/^[a-zA-Z0-9.xX-]{1,20}$/),
    );
    fc.assert(
      fc.property(any, (raw) => {
        const once = canonicalHost(raw);
        if (once !== null) expect(canonicalHost(once)).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("canonicalPath", () => {
  const path = (raw: string, allowEncodedSlash = false) => canonicalPath(raw, { allowEncodedSlash })?.path ?? null;
  test.each([
    ["/", "/"],
    ["//", "/"],
    ["/a/./b/../c", "/a/c"],
    ["/a//b", "/a/b"],
    ["/a/..", "/"],
    ["/a/b/..", "/a/"],
    ["/a/.", "/a/"],
    ["/%61dmin", "/admin"],
    ["/%2e%2e/a/%2E/b", null],
    ["/x/%2e%2e/a", "/a"],
    ["/a%20b", "/a%20b"],
    ["/a%3ab", "/a%3Ab"],
    ["/caf%c3%a9", "/caf%C3%A9"],
    ["/a:b@c+d,e=f", "/a:b@c+d,e=f"],
  ])("%s is %s", (raw, canonical) => expect(path(raw)).toBe(canonical));

  test.each([
    ["not origin-form", "http://evil.example/a"],
    ["authority form", "evil.example:443"],
    ["asterisk form", "*"],
    ["climbing above the root", "/.."],
    ["backslash", "/a\\b"],
    ["encoded backslash", "/a%5cb"],
    ["path parameter", "/admin;x=1"],
    ["dot segment behind a parameter", "/a/..;/admin"],
    ["fragment", "/a#b"],
    ["NUL", "/a%00.png"],
    ["line feed", "/a%0ab"],
    ["encoded slash", "/a%2fb"],
    ["double encoding", "/a%252fb"],
    ["double encoding by an escaped percent digit", "/a%25%32%66b"],
    ["broken escape", "/a%zz"],
    ["cut escape", "/a%2"],
    ["overlong UTF-8", "/%c0%ae%c0%ae/etc"],
    ["raw UTF-8", "/é"],
    ["space", "/a b"],
    ["broken escape in the query", "/a?b=%"],
    ["too long", `/${"a".repeat(20_000)}`],
  ])("refuses %s", (_, raw) => expect(path(raw)).toBeNull());

  test("keeps an encoded slash where asked, and refuses dots hidden behind it", () => {
    expect(path("/@scope%2fname", true)).toBe("/@scope%2Fname");
    expect(path("/a%2f..%2f..%2fadmin", true)).toBeNull();
    expect(path("/a%2f%2e%2e/b", true)).toBeNull();
  });

  test("reads a plain path at a glance only where the full reading would leave it as it is", () => {
    const raw = fc.oneof(
      fc
        .array(fc.constantFrom("a", "/", ".", "..", "~", "é", ":", "%41", ";", "\\", "\u0000", "A"), { maxLength: 8 })
        .map((s) => `/${s.join("")}`),
      fc.webPath(),
    );
    let plain = 0;
    fc.assert(
      fc.property(raw, fc.boolean(), (path, allowEncodedSlash) => {
        if (!isCanonicalPath(path)) return;
        plain++;
        expect(settlePath(path, { allowEncodedSlash })).toBe(path);
      }),
      { numRuns: 10_000 },
    );
    expect(plain).toBeGreaterThan(1_000);
  });

  test("is idempotent, and never yields a dot segment or an empty one", () => {
    const part = fc.constantFrom(
      "a",
      "/",
      ".",
      "..",
      "%2e",
      "%2E",
      "%2f",
      "%41",
      "%25",
      "//",
      "%",
      "4",
      "1",
      "~",
      "?",
      ";",
      "=",
      "%c3%a9",
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), fc.boolean(), (parts, allowEncodedSlash) => {
        const once = canonicalPath(`/${parts.join("")}`, { allowEncodedSlash });
        if (once === null) return;
        expect(once.path).toMatch(/^\/(?:[^/]+\/)*[^/]*$/);
        expect(once.path).not.toMatch(/(^|\/)\.\.?(\/|$)/);
        expect(
          canonicalPath(once.query === "" ? once.path : `${once.path}?${once.query}`, { allowEncodedSlash }),
        ).toEqual(once);
      }),
      { numRuns: 20_000 },
    );
  });
});

describe("addressClass", () => {
  test.each([
    ["8.8.8.8", "public"],
    ["2606:4700::1111", "public"],
    ["10.1.2.3", "private"],
    ["172.31.255.255", "private"],
    ["172.32.0.0", "public"],
    ["100.64.0.1", "private"],
    ["fd00::1", "private"],
    ["127.8.9.1", "loopback"],
    ["::1", "loopback"],
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["::", "unspecified"],
    ["169.254.1.1", "link-local"],
    ["fe80::1", "link-local"],
    ["169.254.169.254", "metadata"],
    ["169.254.170.2", "metadata"],
    ["100.100.100.200", "metadata"],
    ["168.63.129.16", "metadata"],
    ["192.0.0.192", "metadata"],
    ["fd00:ec2::254", "metadata"],
    ["::ffff:169.254.169.254", "metadata"],
    ["64:ff9b::a9fe:a9fe", "metadata"],
    ["2002:a9fe:a9fe::", "metadata"],
    ["2002:7f00:1::", "loopback"],
    ["2002:808:808::1", "reserved"],
    ["64:ff9b::808:808", "public"],
    ["64:ff9b:1::1", "private"],
    ["2001:0:808:808:0:0:5601:5601", "metadata"],
    ["2001:0:0a00:1::", "private"],
    ["::10.0.0.1", "private"],
    ["fe80::5efe:a00:1", "private"],
    ["2a00::5efe:7f00:1", "loopback"],
    ["224.0.0.1", "multicast"],
    ["ff02::1", "multicast"],
    ["255.255.255.255", "reserved"],
    ["192.0.2.1", "reserved"],
    ["fe80::1%eth0", "invalid"],
    ["0x7f.1", "invalid"],
    ["nonsense", "invalid"],
  ])("%s is %s", (ip, kind) => expect(addressClass(ip)).toBe(kind));

  test("an address is within a range exactly by its leading bits, also when mapped", () => {
    expect(addressWithin("10.1.2.3", ["10.1.0.0/16"])).toBe(true);
    expect(addressWithin("10.2.0.0", ["10.1.0.0/16"])).toBe(false);
    expect(addressWithin("::ffff:10.1.2.3", ["10.1.2.3"])).toBe(true);
    expect(addressWithin("10.1.2.7", ["10.1.2.0/29"])).toBe(true);
    expect(addressWithin("10.1.2.8", ["10.1.2.0/29"])).toBe(false);
    expect(addressWithin("fd12::1", ["fd00::/8"])).toBe(true);
    expect(addressWithin("not an address", ["0.0.0.0/0"])).toBe(false);
  });
});

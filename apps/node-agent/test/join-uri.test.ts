import { describe, expect, it } from "vitest";
import { nodeNameFrom } from "../src/enroll.ts";
import { parseJoinUri } from "../src/join-uri.ts";

const secret = "s".repeat(43);
const pin = "ab".repeat(32);

describe("the join URI", () => {
  it("names host, port, secret and the pinned certificate", () => {
    expect(parseJoinUri(`creel://hub.example.org:7401/?secret=${secret}&ca=sha256:${pin}\n`)).toEqual({
      host: "hub.example.org",
      port: 7401,
      secret,
      caFingerprint: pin,
    });
    expect(parseJoinUri(`creel://[::1]:7401/?secret=${secret}&ca=sha256:${pin}`).host).toBe("::1");
  });
  it.each([
    ["https://hub:1/?secret=x", "is not of the form"],
    [`creel://hub:7401/?ca=sha256:${pin}`, "no enrolment secret"],
    [`creel://hub:7401/?secret=${secret}`, "no certificate fingerprint"],
    [`creel://hub:7401/?secret=${secret}&ca=md5:abc`, "no certificate fingerprint"],
    [`creel://user@hub:7401/?secret=${secret}&ca=sha256:${pin}`, "user name"],
  ])("refuses %s and says why without repeating the secret", (uri, why) => {
    expect(() => parseJoinUri(uri)).toThrow(why);
    try {
      parseJoinUri(uri);
    } catch (error) {
      expect(String(error)).not.toContain(secret);
    }
  });
  it("makes a node name from any host name", () => {
    expect(nodeNameFrom("Build_7.corp.example")).toBe("build-7");
    expect(nodeNameFrom("--")).toBe("node");
    expect(nodeNameFrom("x".repeat(100))).toHaveLength(63);
  });
});

import { describe, expect, it } from "vitest";
import { browserName } from "../src/lib/browser-name.ts";

const CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
const PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";

describe("what a browser says of itself", () => {
  it.each([
    [CHROME, "Chrome 150 on Linux"],
    [`${CHROME} Edg/150.0.0.0`.replace("X11; Linux x86_64", "Windows NT 10.0; Win64; x64"), "Edge 150 on Windows"],
    ["Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox 140 on macOS"],
    [`${PHONE} Version/19.1 Mobile/15E148 Safari/604.1`, "Safari 19 on iPhone"],
    [`${PHONE} CriOS/150.0 Mobile/15E148 Safari/604.1`, "Chrome 150 on iPhone"],
    ["curl/8.10.1", "curl/8.10.1"],
    ["", ""],
  ])("%s", (said, name) => {
    expect(browserName(said)).toBe(name);
  });
});

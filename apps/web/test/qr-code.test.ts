import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import { QrCode } from "../src/ui/qr-code.tsx";

const uri = `otpauth://totp/Creel%3Aowner%40acme.example?secret=${"A".repeat(32)}&issuer=Creel`;

test("the picture is drawn here: no address is asked, and the secret stands in no attribute of it", () => {
  const drawn = renderToStaticMarkup(createElement(QrCode, { text: uri, label: "Picture" }));
  expect(drawn).toContain('role="img"');
  expect(drawn).not.toMatch(/href|src=|url\(|AAAA|otpauth/);
  // Another secret is another picture.
  const other = renderToStaticMarkup(createElement(QrCode, { text: uri.replace("AA", "AB"), label: "Picture" }));
  expect(other).not.toBe(drawn);
});

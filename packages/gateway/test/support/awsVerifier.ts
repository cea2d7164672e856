import { createHash, createHmac } from "node:crypto";
import type { IncomingMessage } from "node:http";

/**
 * Signature Version 4 as a server checks it, written from AWS's description alone and sharing nothing with what signs.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export interface Verdict {
  ok: boolean;
  keyId: string;
  canonical: string;
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest();
const encode = (text: string): string =>
  [...Buffer.from(text, "utf8")]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[A-Za-z0-9._~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");

export function verifyAws(
  req: IncomingMessage,
  body: Buffer,
  secretOf: (keyId: string) => string | undefined,
): Verdict {
  const header = (name: string): string => String(req.headers[name] ?? "");
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(
      header("authorization"),
    );
  const [, keyId = "", day = "", region = "", service = "", names = "", signature = ""] = match ?? [];
  const [path = "", query = ""] = (req.url ?? "").split(/\?(.*)/s);
  const segments = path.split("/").map((segment) => decodeURIComponent(segment));
  const once = segments.map(encode).join("/");
  const uri = service === "s3" ? once : path.split("/").map(encode).join("/");
  const params = query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => part.split(/=(.*)/s))
    .map(([key = "", value = ""]) => `${encode(decodeURIComponent(key))}=${encode(decodeURIComponent(value))}`)
    .sort();
  const said = header("x-amz-content-sha256");
  const hash = said === "" ? sha256(body) : said;
  const canonical = [
    req.method,
    uri,
    params.join("&"),
    ...names.split(";").map((name) => `${name}:${header(name).trim().replace(/ +/g, " ")}`),
    "",
    names,
    hash,
  ].join("\n");
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, sha256(canonical)].join("\n");
  const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
    (before, part) => hmac(before, part),
    `AWS4${secretOf(keyId) ?? ""}`,
  );
  const honest = !/^[0-9a-f]{64}$/.test(said) || said === sha256(body);
  const needed = ["host", ...Object.keys(req.headers).filter((name) => name.startsWith("x-amz-"))];
  const covered = needed.every((name) => names.split(";").includes(name));
  return {
    ok: honest && covered && createHmac("sha256", key).update(text).digest("hex") === signature,
    keyId,
    canonical,
  };
}

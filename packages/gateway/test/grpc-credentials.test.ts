import {
  type Client,
  credentials,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  status,
} from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fixedSource } from "../src/index.ts";
import { tlsBefore } from "./support/http2Client.ts";
import { createWorld, type World } from "./support/world.ts";

/** Secrets in gRPC's metadata, and a server that tells them back inside messages, whose lengths stand in front of them. */
const HOST = "grpc.example.com";
const SECRET = "sk-live-0123456789abcdef";
const yaml = (placeholderHost: string) => `version: 1
network_policies:
  echo:
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        rules:
          - allow: { method: POST, path: "/test.Echo/**" }
    binaries:
      - path: /usr/bin/curl
credentials:
  TOKEN:
    endpoints:
      - { host: ${placeholderHost}, port: 443 }
`;
const bytesOf = (text: string) => Buffer.from(text, "utf8");
const textOf = (bytes: Buffer) => bytes.toString("utf8");
const method = (name: string, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: bytesOf,
  requestDeserialize: textOf,
  responseSerialize: bytesOf,
  responseDeserialize: textOf,
});
const SERVICE = { Unary: method("Unary", false), Down: method("Down", true) } satisfies ServiceDefinition;
const Echo = makeGenericClientConstructor(SERVICE, "Echo");

let world: World;
let server: Server;
let client: Client;
let heard: string[];
let close: () => void;

const tell = (metadata: Metadata): string => {
  const said = metadata.get("authorization").join();
  heard.push(said);
  return said;
};
const unary: handleUnaryCall<string, string> = (call, done) => {
  const said = tell(call.metadata);
  const trailers = new Metadata();
  trailers.set("x-again", said);
  done(null, `${said} or ${Buffer.from(said).toString("base64")}.`, trailers);
};
const down: handleServerStreamingCall<string, string> = (call) => {
  const said = tell(call.metadata);
  for (const mark of ["a", "b", "c"]) call.write(`${mark} ${said} ${mark}`);
  if (call.request !== "forever") call.end();
};

/** A placeholder shorter or longer than the secret. */
async function start(placeholder: string, bound = HOST): Promise<Metadata> {
  server = new Server();
  server.addService(SERVICE, { Unary: unary, Down: down });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  const tls = await tlsBefore(HOST, port);
  close = tls.close;
  world = await createWorld({
    yaml: yaml(bound),
    resolve: { [`${HOST}:443`]: `127.0.0.1:${tls.port}` },
    upstreamCa: [tls.caPem],
    credentials: [{ name: "TOKEN", placeholder, source: fixedSource(SECRET) }],
  });
  const door = await world.door(HOST, 443);
  client = new Echo(`127.0.0.1:${door}`, credentials.createSsl(Buffer.from(world.ca.certificatePem)), {
    "grpc.ssl_target_name_override": HOST,
    "grpc.default_authority": HOST,
    "grpc.enable_retries": 0,
  });
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${placeholder}`);
  return metadata;
}
beforeEach(() => {
  heard = [];
});
afterEach(async () => {
  client.close();
  await world.close();
  server.forceShutdown();
  close();
});

const PLACEHOLDERS: [string, string][] = [
  ["longer than its secret", "creel-placeholder-TOKEN-0123456789abcdef"],
  ["shorter than its secret", "creel-placeholder-T"],
];
describe.each(PLACEHOLDERS)("gRPC with a placeholder %s", (_name, placeholder) => {
  it("takes the secret along, and every message that tells it back stays a message", async () => {
    const metadata = await start(placeholder);
    const answer = await new Promise<{ value: string | undefined; again: unknown }>((resolve, reject) => {
      let value: string | undefined;
      client
        .makeUnaryRequest(SERVICE.Unary.path, bytesOf, textOf, "x", metadata, (error, said) => {
          value = said;
          if (error !== null) reject(error);
        })
        .on("status", (said) => setImmediate(() => resolve({ value, again: said.metadata.get("x-again") })));
    });
    expect(heard).toEqual([`Bearer ${SECRET}`]);
    const stars = "*".repeat(SECRET.length);
    expect(answer.value?.startsWith(`Bearer ${stars} or `)).toBe(true);
    expect(answer.value).toHaveLength(
      `Bearer ${SECRET} or `.length + bytesOf(`Bearer ${SECRET}`).toString("base64").length + 1,
    );
    // What was base64 still is, and holds nothing of the secret.
    const encoded = answer.value?.slice(`Bearer ${SECRET} or `.length, -1) ?? "";
    expect(Buffer.from(encoded, "base64").toString("utf8")).toMatch(/^Bearer .?\0+.?$/s);
    expect(answer.again).toEqual([`Bearer ${placeholder}`]);
  });

  it("reads each message of a stream", async () => {
    const metadata = await start(placeholder);
    const words: string[] = [];
    for await (const word of client.makeServerStreamRequest(SERVICE.Down.path, bytesOf, textOf, "x", metadata))
      words.push(word);
    const masked = `Bearer ${"*".repeat(SECRET.length)}`;
    expect(words).toEqual([`a ${masked} a`, `b ${masked} b`, `c ${masked} c`]);
  });

  it("hears each message while the stream stays open", async () => {
    const metadata = await start(placeholder);
    const call = client.makeServerStreamRequest(SERVICE.Down.path, bytesOf, textOf, "forever", metadata);
    call.on("error", () => {});
    const words: string[] = [];
    call.on("data", (word: string) => words.push(word.slice(0, 1)));
    await expect.poll(() => words).toEqual(["a", "b", "c"]);
    call.cancel();
  });

  it("is refused where the secret is bound elsewhere, and nothing leaves", async () => {
    const metadata = await start(placeholder, "other.example.com");
    const code = await new Promise((resolve) => {
      client.makeUnaryRequest(SERVICE.Unary.path, bytesOf, textOf, "x", metadata, (error) => resolve(error?.code));
    });
    expect(code).toBe(status.PERMISSION_DENIED);
    expect(heard).toEqual([]);
    expect(world.records.at(-1)).toMatchObject({ decision: "deny", rule: "credentials" });
  });
});

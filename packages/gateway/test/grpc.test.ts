import { once } from "node:events";
import {
  type Client,
  credentials,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  makeGenericClientConstructor,
  Server,
  ServerCredentials,
  type ServiceDefinition,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { tlsBefore } from "./support/http2Client.ts";
import { createUpstream, createWorld, type World } from "./support/world.ts";

/** The calls of a real gRPC client to a real gRPC server, with the gateway between them. */
const HOST = "grpc.example.com";
const policy = (paths: string) => `version: 1
network_policies:
  echo:
    endpoints:
      - host: ${HOST}
        port: 443
        protocol: rest
        rules:
          - allow: { method: POST, path: "${paths}" }
    binaries:
      - path: /usr/bin/curl
`;
const ALL = policy("/test.Echo/**");
const plain = (text: string) => Buffer.from(text, "utf8");
const text = (bytes: Buffer) => bytes.toString("utf8");
const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
  path: `/test.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: plain,
  requestDeserialize: text,
  responseSerialize: plain,
  responseDeserialize: text,
});
const SERVICE = {
  Unary: method("Unary", false, false),
  Fail: method("Fail", false, false),
  Silent: method("Silent", false, false),
  Down: method("Down", false, true),
  Up: method("Up", true, false),
  Both: method("Both", true, true),
} satisfies ServiceDefinition;
const Echo = makeGenericClientConstructor(SERVICE, "Echo");

const unary: handleUnaryCall<string, string> = (call, done) => {
  const trailers = new Metadata();
  trailers.set("x-served", "yes");
  done(null, `${call.request}|${call.metadata.get("x-asked").join()}`, trailers);
};
const fail: handleUnaryCall<string, string> = (_call, done) =>
  done({ code: status.NOT_FOUND, details: "no such ünit" });
const silent: handleUnaryCall<string, string> = (call) => void call.on("cancelled", () => cancelled.push("Silent"));
const down: handleServerStreamingCall<string, string> = (call) => {
  call.on("cancelled", () => cancelled.push("Down"));
  for (const word of call.request.split(" ")) call.write(word);
  if (!call.request.includes("forever")) call.end();
};
const up: handleClientStreamingCall<string, string> = (call, done) => {
  const words: string[] = [];
  call.on("data", (word: string) => words.push(word));
  call.on("end", () => done(null, words.join(" ")));
};
const both: handleBidiStreamingCall<string, string> = (call) => {
  call.on("data", (word: string) => call.write(word.toUpperCase()));
  call.on("end", () => call.end());
};

let world: World;
let server: Server;
let client: Client;
let cancelled: string[] = [];
const cleanups: (() => unknown)[] = [];

beforeEach(async () => {
  cancelled = [];
  server = new Server();
  server.addService(SERVICE, { Unary: unary, Fail: fail, Silent: silent, Down: down, Up: up, Both: both });
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, at) =>
      error === null ? resolve(at) : reject(error),
    );
  });
  const tls = await tlsBefore(HOST, bound);
  cleanups.push(() => tls.close());
  await open(tls.port, tls.caPem);
});
afterEach(async () => {
  client.close();
  await world.close();
  server.forceShutdown();
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function open(port: number, caPem: string): Promise<void> {
  world = await createWorld({
    yaml: ALL,
    resolve: { [`${HOST}:443`]: `127.0.0.1:${port}` },
    upstreamCa: [caPem],
  });
  const door = await world.door(HOST, 443);
  client = new Echo(`127.0.0.1:${door}`, credentials.createSsl(Buffer.from(world.ca.certificatePem)), {
    "grpc.ssl_target_name_override": HOST,
    "grpc.default_authority": HOST,
    "grpc.enable_retries": 0,
  });
}

interface Outcome {
  value: string | null;
  error: ServiceError | null;
  trailers: Metadata | null;
}

const ask = (name: keyof typeof SERVICE, request: string, deadlineMs = 10_000): Promise<Outcome> =>
  new Promise((resolve) => {
    const metadata = new Metadata();
    metadata.set("x-asked", "mark");
    let trailers: Metadata | null = null;
    const call = client.makeUnaryRequest(
      SERVICE[name].path,
      plain,
      text,
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, value) => setImmediate(() => resolve({ value: value ?? null, error, trailers })),
    );
    call.on("status", (said) => {
      trailers = said.metadata;
    });
  });

describe("gRPC", () => {
  it("calls one method, metadata and trailers included", async () => {
    const { value, trailers } = await ask("Unary", "hello");
    expect(value).toBe("hello|mark");
    expect(trailers?.get("x-served")).toEqual(["yes"]);
    await expect.poll(() => world.records.length).toBe(1);
    expect(world.records[0]).toMatchObject({
      decision: "allow",
      method: "POST",
      path: "/test.Echo/Unary",
      rule: "echo",
    });
  });

  it("reads an error that has trailers only", async () => {
    const { error } = await ask("Fail", "x");
    expect(error).toMatchObject({ code: status.NOT_FOUND, details: "no such ünit" });
  });

  it("streams from the server", async () => {
    const call = client.makeServerStreamRequest(SERVICE.Down.path, plain, text, "a b c");
    const words: string[] = [];
    for await (const word of call) words.push(word);
    expect(words).toEqual(["a", "b", "c"]);
  });

  it("streams from the client", async () => {
    const answer = await new Promise((resolve) => {
      const call = client.makeClientStreamRequest(SERVICE.Up.path, plain, text, (_error, value) => resolve(value));
      for (const word of ["x", "y", "z"]) call.write(word);
      call.end();
    });
    expect(answer).toBe("x y z");
  });

  it("streams both ways, each message answered before the next is sent", async () => {
    const call = client.makeBidiStreamRequest(SERVICE.Both.path, plain, text);
    for (const word of ["one", "two", "three"]) {
      call.write(word);
      const [heard] = await once(call, "data");
      expect(heard).toBe(word.toUpperCase());
    }
    call.end();
    const [said] = await once(call, "status");
    expect(said.code).toBe(status.OK);
  });

  it("keeps a deadline, and the server learns that nobody waits any more", async () => {
    // The deadline is for the call alone: a handshake on a loaded machine takes longer, and then the server never hears of the call.
    expect((await ask("Unary", "before")).value).toBe("before|mark");
    const { error } = await ask("Silent", "x", 1000);
    expect(error?.code).toBe(status.DEADLINE_EXCEEDED);
    await expect.poll(() => cancelled).toEqual(["Silent"]);
  });

  it("cancels a stream up to the server", async () => {
    const call = client.makeServerStreamRequest(SERVICE.Down.path, plain, text, "on forever");
    call.on("error", () => {});
    await once(call, "data");
    call.cancel();
    await expect.poll(() => cancelled).toEqual(["Down"]);
  });

  it("is told as PERMISSION_DENIED what policy denies, with the reason", async () => {
    world.set(policy("/test.Echo/Up"));
    const { error } = await ask("Unary", "x");
    expect(error?.code).toBe(status.PERMISSION_DENIED);
    expect(error?.details).toContain("/test.Echo/Unary");
    expect(world.records.at(-1)).toMatchObject({ decision: "deny", path: "/test.Echo/Unary" });
  });

  it("loses an open call that a reload denies, and makes the next", async () => {
    const call = client.makeServerStreamRequest(SERVICE.Down.path, plain, text, "on forever");
    const failed = once(call, "error");
    await once(call, "data");
    world.set(policy("/test.Echo/Unary"));
    const [error] = await failed.catch((thrown) => [thrown]);
    expect(error.code).toBe(status.CANCELLED);
    expect((await ask("Unary", "again")).value).toBe("again|mark");
  });

  it("is told as UNAVAILABLE that a server has no HTTP/2", async () => {
    client.close();
    await world.close();
    const upstream = await createUpstream(HOST, (_req, res) => res.end());
    cleanups.push(() => upstream.close());
    await open(upstream.port, upstream.caPem);
    const { error } = await ask("Unary", "x");
    expect(error?.code).toBe(status.UNAVAILABLE);
    expect(error?.details).toContain("HTTP/2");
  });
});

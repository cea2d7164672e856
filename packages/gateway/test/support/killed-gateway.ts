import { writeSync } from "node:fs";
import { createJournal } from "../../src/index.ts";
import { ask } from "./client.ts";
import { createUpstream, createWorld } from "./world.ts";

/** A gateway under load until somebody kills it; prints each request that reached the upstream, at once. */
const host = "api.example.com";
const upstream = await createUpstream(host, (req, res) => {
  writeSync(1, `${req.url}\n`);
  res.end();
});
const world = await createWorld({
  yaml: `version: 1
network_policies:
  api:
    name: api
    endpoints:
      - { host: ${host}, port: 443, protocol: rest, access: full }
    binaries:
      - path: /usr/bin/curl
`,
  journal: createJournal({ dir: process.argv[2] ?? "" }),
  resolve: { [`${host}:443`]: `127.0.0.1:${upstream.port}` },
  upstreamCa: [upstream.caPem],
});
const door = await world.door(host, 443);
const worker = async (name: number) => {
  for (let i = 0; ; i += 1) await ask({ door, host, ca: world.ca.certificatePem, path: `/v1/${name}/${i}` });
};
await Promise.all([1, 2, 3, 4].map(worker));

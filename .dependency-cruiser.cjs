/** The arrows of the house: apps -> core -> pure packages. See docs/architecture.md. */
const pure = "^packages/(policy|protocol|approvals)/";
const only = (name, from, allowed) => ({
  name,
  severity: "error",
  comment: `${from} may import only ${allowed.join(", ") || "nothing of ours"}`,
  from: { path: `^${from}/src` },
  to: { path: "^(packages|apps)/", pathNot: [`^${from}/`, ...allowed.map((p) => `^packages/${p}/`)] },
});
module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    { name: "no-apps-from-packages", severity: "error", from: { path: "^packages/" }, to: { path: "^apps/" } },
    {
      name: "no-app-to-app",
      severity: "error",
      comment: "but for tests of the command line, which ask the real API and no imitation of it",
      from: { path: "^apps/([^/]+)/", pathNot: "^apps/cli/test/" },
      to: { path: "^apps/", pathNot: "^apps/$1/" },
    },
    {
      name: "pure-packages-touch-no-world",
      severity: "error",
      comment: "policy, protocol and approvals: same input, same output",
      from: { path: `${pure}src` },
      to: { dependencyTypes: ["core"], pathNot: "^(node:)?(crypto|net)$" },
    },
    only("protocol-arrows", "packages/protocol", []),
    only("policy-arrows", "packages/policy", []),
    only("approvals-arrows", "packages/approvals", []),
    only("processes-arrows", "packages/processes", []),
    only("db-arrows", "packages/db", ["processes"]),
    only("queue-arrows", "packages/queue", []),
    only("sandbox-arrows", "packages/sandbox", []),
    only("agents-arrows", "packages/agents", ["processes", "protocol"]),
    only("router-arrows", "packages/router", ["policy", "protocol"]),
    only("gateway-arrows", "packages/gateway", ["policy", "protocol", "router", "sandbox"]),
    only("notices-arrows", "packages/notices", ["policy"]),
    only("core-arrows", "packages/core", ["approvals", "db", "notices", "policy", "protocol", "queue"]),
    only("node-agent-arrows", "apps/node-agent", [
      "agents",
      "policy",
      "processes",
      "protocol",
      "router",
      "sandbox",
      "gateway",
    ]),
    only("hub-arrows", "apps/hub", ["core", "db", "notices", "protocol", "queue"]),
    only("web-arrows", "apps/web", ["approvals", "core", "db", "policy", "protocol", "queue"]),
    {
      name: "only-core-and-db-know-the-database",
      severity: "error",
      from: { path: "^(packages|apps)/", pathNot: "^packages/(core|db|queue)/" },
      to: { path: "node_modules/(drizzle-orm|postgres|pg)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)(dist|\\.next|node_modules/(?!drizzle-orm|postgres|pg))" },
    tsConfig: { fileName: "tsconfig.base.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "require", "node", "default", "types"],
    },
  },
};

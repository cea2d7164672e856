import { join } from "node:path";

/** Where everything of one node lies. `docs/architecture.md` lists the same tree. */
export const nodePaths = (dir: string) => ({
  dir,
  identity: join(dir, "identity"),
  desired: join(dir, "desired.json"),
  journal: join(dir, "journal"),
  acks: join(dir, "journal", "acks.json"),
  lock: join(dir, "agent.lock"),
  clock: join(dir, "clock.json"),
  exceptionUses: join(dir, "exceptions-used"),
  sealingKey: join(dir, "sealing.key"),
  sandboxes: join(dir, "sandboxes"),
  sandbox: (id: string) => {
    const root = join(dir, "sandboxes", id);
    return {
      root,
      spec: join(root, "spec.json"),
      status: join(root, "status.json"),
      log: join(root, "log"),
      caKey: join(root, "ca.key"),
      caCert: join(root, "ca.crt"),
      workspace: join(root, "workspace"),
      home: join(root, "home"),
      agent: join(root, "agent"),
    };
  },
});
export type NodePaths = ReturnType<typeof nodePaths>;
export type SandboxPaths = ReturnType<NodePaths["sandbox"]>;

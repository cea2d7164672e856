// The process that holds srt's proxies and wraps commands for the suite; see contenders/peers.ts.
import { SandboxManager } from "@anthropic-ai/sandbox-runtime";

process.on("disconnect", () => process.exit(0));
process.on("message", async (message) => {
  try {
    if (message.begin) {
      const { base, work, tools } = message.begin;
      await SandboxManager.initialize({
        network: { allowedDomains: ["api.creel.example:443"], deniedDomains: [] },
        filesystem: { denyRead: [base, "/root", "/home"], allowRead: [work, tools], allowWrite: [work], denyWrite: [] },
      });
      process.send({});
    } else process.send({ command: await SandboxManager.wrapWithSandbox(message.wrap) });
  } catch (error) {
    process.send({ error: error.message });
  }
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { attachControl, launchSandbox, type SandboxControl } from "@creel/sandbox";
import { createSandboxCa } from "../../packages/gateway/src/index.ts";
import { type CreelInput, pssKib } from "./creel.ts";
import { POLICY } from "./hosts.ts";
import { startRole } from "./roles.ts";

const SANDBOXES = 20;

export interface Idle {
  shimMib: number;
  initMib: number;
  /** What one more sandbox adds to the gateway's process. */
  gatewayMib: number;
}

/** Shares of memory as the kernel counts them (Pss), a mean over sandboxes that sleep. */
export async function measureIdle(): Promise<Idle & { sandboxes: number }> {
  const folder = mkdtempSync(join(tmpdir(), "ci-"));
  const controls: SandboxControl[] = [];
  try {
    const ca = await createSandboxCa({ name: "idle" });
    const sandboxes: CreelInput["sandboxes"] = [];
    let [shim, init] = [0, 0];
    const pids: { shimPid: number; initPid: number }[] = [];
    for (let index = 0; index <= SANDBOXES; index++) {
      const [runDir, stateDir] = [join(folder, `r${index}`), join(folder, `s${index}`)];
      for (const path of [runDir, stateDir]) mkdirSync(path, { mode: 0o700 });
      const { shimPid, agentPid } = await launchSandbox({
        id: `idle-${index}`,
        runDir,
        stateDir,
        command: ["sleep", "1000"],
      });
      controls.push(await attachControl({ runDir }));
      sandboxes.push({ id: `idle-${index}`, runDir, ca });
      const initPid = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${agentPid}/status`, "utf8"))?.[1]);
      pids.push({ shimPid, initPid });
    }
    const input: CreelInput = {
      policy: POLICY,
      resolve: {},
      upstreamCa: ca.certificatePem,
      journalDir: join(folder, "journal"),
      sandboxes,
    };
    const gateway = await startRole<{ pssBefore: number; pssAfter: number }>("creel", input);
    for (const { shimPid, initPid } of pids.slice(1)) {
      shim += pssKib(shimPid);
      init += pssKib(initPid);
    }
    const { pssBefore, pssAfter } = gateway.answer;
    await gateway.stop();
    const mean = (kib: number) => kib / 1024 / SANDBOXES;
    return { sandboxes: SANDBOXES, shimMib: mean(shim), initMib: mean(init), gatewayMib: mean(pssAfter - pssBefore) };
  } finally {
    for (const control of controls) {
      await control.stop({ graceMs: 0 });
      control.close();
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

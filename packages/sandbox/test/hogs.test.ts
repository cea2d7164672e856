import { probeHost } from "../src/index.ts";
import { hogTests } from "./hogs.ts";

const byKernel = (await probeHost()).layers.find(({ id }) => id === "memory")?.state === "enforced";
hogTests(byKernel ? { memoryBy: "cgroup", cpusBy: "cgroup" } : { memoryBy: "watchdog", cpusBy: "none" });

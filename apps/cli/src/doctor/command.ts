import type { Register } from "../register.ts";

export const registerDoctor: Register = (program, io, finish) => {
  program
    .command("doctor")
    .description("show which layers of confinement this host can enforce, and at what strength")
    .option("--json", "print {kernel, arch, landlockAbi, layers, ok} as JSON")
    .action(async (options: { json?: boolean }) => {
      const { doctor } = await import("./doctor.ts");
      finish(await doctor({ json: options.json === true }, io));
    });
};

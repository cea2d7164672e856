/** Milliseconds of CPU that this process has used: on a busy machine, wall time says more about the neighbours. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

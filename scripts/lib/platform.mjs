/** Next.js 16 needs 20.9; everything else of ours needs less. */
const NODE_MIN = [20, 9];

/** A sentence saying why Creel cannot run here, or null. Kept to syntax that old Node versions parse. */
export function checkPlatform() {
  const parts = process.versions.node.split(".").map(Number);
  const tooOld = parts[0] < NODE_MIN[0] || (parts[0] === NODE_MIN[0] && parts[1] < NODE_MIN[1]);
  if (tooOld) {
    return `Node ${process.versions.node} is too old: Creel needs Node ${NODE_MIN.join(".")} or newer (https://nodejs.org). Install it and run the command again.`;
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `this is ${process.platform} ${process.arch}: sandboxes are made of Linux kernel features and the database binaries are x64. Run Creel on Linux x64 (a virtual machine will do).`;
  }
  return null;
}

import { createInterface } from "node:readline";
import { takeLock } from "../src/index.ts";

// Each line is a moment and a path: takes that lock at that moment, as all the others, says "won" or "lost", and keeps it.
process.stdout.write("ready\n");
createInterface({ input: process.stdin }).on("line", (line) => {
  const [moment = "", path = ""] = line.split(" ");
  while (Date.now() < Number(moment)) {
    // A timer would wake the processes one after the other.
  }
  process.stdout.write(takeLock(path).lock === null ? "lost\n" : "won\n");
});

// Prints what this host can enforce, as seen from whatever surrounds this process.
import { inspectHost } from "../src/index.ts";

process.stdout.write(`${JSON.stringify(await inspectHost(process.env))}\n`);

// `npm run docs`: the pages and the schema that are generated from the policy language's own tables. Tests hold that they are current.
import { writeFileSync } from "node:fs";
import { generatedDocs } from "../packages/policy/src/schema/generated.ts";

for (const { path, text } of generatedDocs()) {
  writeFileSync(new URL(`../${path}`, import.meta.url), text);
  process.stdout.write(`${path}\n`);
}

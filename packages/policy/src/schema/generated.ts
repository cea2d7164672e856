/** The files under `docs` that are generated; `npm run docs` writes them and a test compares them. */
import { readCodes } from "../check/codes.ts";
import { lintCodes } from "../lint/codes.ts";
import { policyJsonSchema } from "./json-schema.ts";
import { policyReference } from "./reference.ts";

export const generatedDocs = (): { path: string; text: string }[] => [
  { path: "docs/policy/reference.md", text: policyReference([...readCodes, ...lintCodes]) },
  { path: "docs/policy/policy.schema.json", text: policySchemaText() },
];

/** As it is checked in and as `creel policy schema` prints it. */
export const policySchemaText = (): string => `${JSON.stringify(policyJsonSchema(), null, 2)}\n`;

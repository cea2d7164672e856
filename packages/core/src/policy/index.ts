export { create, createInput } from "./create.ts";
export { get, getInput } from "./get.ts";
export { getVersion, getVersionInput } from "./getVersion.ts";
export { lint, lintInput } from "./lint.ts";
export { list, listInput } from "./list.ts";
export { listVersions, listVersionsInput } from "./listVersions.ts";
export { proposeAllow, proposeAllowInput } from "./proposeAllow.ts";
export { saveVersion, saveVersionInput } from "./saveVersion.ts";

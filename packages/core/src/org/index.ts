export { bootstrap, bootstrapInput } from "./bootstrap.ts";
export { create, createInput } from "./create.ts";
export { whoAmI, whoAmIInput } from "./whoAmI.ts";

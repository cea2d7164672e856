export { bootstrap, bootstrapInput } from "./bootstrap.ts";
export { whoAmI, whoAmIInput } from "./whoAmI.ts";

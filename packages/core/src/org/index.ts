export { bootstrap, bootstrapInput } from "./bootstrap.ts";
export { create, createInput } from "./create.ts";
export { resetOwner, resetOwnerInput } from "./resetOwner.ts";
export { whoAmI, whoAmIInput } from "./whoAmI.ts";

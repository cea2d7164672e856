export { bootstrap, bootstrapInput } from "./bootstrap.ts";

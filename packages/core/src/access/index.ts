export { ask, askInput } from "./ask.ts";

export { run } from "./reload/reload.ts";

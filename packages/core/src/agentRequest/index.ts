export { answer, answerInput } from "./answer.ts";
export { ask, askInput } from "./ask.ts";
export { list, listInput } from "./list.ts";
export { look, lookInput } from "./look.ts";

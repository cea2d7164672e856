export { type Completion, completePolicy, describeField, type FieldDescription } from "./complete.ts";
export type { CompletionOption } from "./options.ts";

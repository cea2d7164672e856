export { createSuggestion, type SuggestionRun, type SuggestOptions } from "./suggest.ts";

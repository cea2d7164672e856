export { apply, applyInput } from "./apply.ts";
export { breakGlass, breakGlassInput } from "./breakGlass.ts";
export { closeReview, closeReviewInput } from "./closeReview.ts";
export { edit, editInput } from "./edit.ts";
export { changeKinds } from "./kinds.ts";
export { sweep, sweepInput } from "./sweep.ts";
export { vote, voteInput } from "./vote.ts";
export { withdraw, withdrawInput } from "./withdraw.ts";

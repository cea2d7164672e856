/** Whether the stories also write the pictures of the documents: `CREEL_FIGURES=1`. */
export const writesFigures = (): boolean => process.env.CREEL_FIGURES === "1";

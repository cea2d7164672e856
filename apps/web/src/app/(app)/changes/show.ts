const shows = ["waiting", "mine", "review", "all"] as const;
export type Show = (typeof shows)[number];

export const showOf = (text: string | readonly string[] | undefined): Show =>
  shows.find((show) => show === text) ?? "waiting";

export const showTexts: Readonly<Record<Show, string>> = {
  waiting: "Waiting",
  mine: "Mine",
  review: "To be reviewed",
  all: "All",
};

/** Source code hosts. */
import { type EndpointShape, host, type PresetSource, read, rest, restAt } from "./define.ts";
import { gh, git, glab } from "./programs.ts";

const FETCH = ["GET /**/info/refs", "POST /**/git-upload-pack"];
const PUSH = ["GET /**/info/refs", "POST /**/git-receive-pack"];
const LFS_BATCH = "POST /**/info/lfs/objects/batch";
/** What `gh issue` and `gh pr` do; merging is not among it. */
const MUTATIONS = [
  ...["createIssue", "updateIssue", "closeIssue", "reopenIssue"],
  ...["createPullRequest", "updatePullRequest", "closePullRequest", "reopenPullRequest", "requestReviews"],
  ...["addComment", "updateIssueComment", "addPullRequestReview", "addLabelsToLabelable", "removeLabelsFromLabelable"],
];
const graphql: EndpointShape = { host: "api.github.com", port: 443, path: "/graphql", protocol: "graphql" };

export const source: readonly PresetSource[] = [
  {
    name: "github",
    title: "GitHub, reading",
    description: "Clone and fetch with git, and read the API with gh.",
    category: "source",
    programs: [...git, ...gh],
    endpoints: [
      rest("github.com", [...FETCH, LFS_BATCH]),
      read("api.github.com"),
      { ...graphql, access: "read-only" },
      read("codeload.github.com"),
      read("raw.githubusercontent.com"),
      read("objects.githubusercontent.com"),
      read("release-assets.githubusercontent.com"),
    ],
  },
  {
    name: "github-write",
    title: "GitHub, writing",
    description:
      "Push with git, and open issues, pull requests, reviews and comments with gh; merging, keys, hooks, secrets and members stay shut.",
    category: "source",
    programs: [...git, ...gh],
    endpoints: [
      rest("github.com", [...PUSH, "PUT /**/info/lfs/objects/*"]),
      rest("api.github.com", [
        "POST /repos/*/*/issues",
        "PATCH /repos/*/*/issues/*",
        "POST /repos/*/*/issues/*/comments",
        "POST,DELETE /repos/*/*/issues/*/labels/**",
        "POST /repos/*/*/issues/*/labels",
        "PATCH,DELETE /repos/*/*/issues/comments/*",
        "POST /repos/*/*/pulls",
        "PATCH /repos/*/*/pulls/*",
        "POST /repos/*/*/pulls/*/comments",
        "POST /repos/*/*/pulls/*/reviews",
        "POST /repos/*/*/pulls/*/reviews/*/events",
        "POST,DELETE /repos/*/*/pulls/*/requested_reviewers",
        "PATCH,DELETE /repos/*/*/pulls/comments/*",
      ]),
      { ...graphql, rules: [{ allow: { operation_type: "mutation", fields: MUTATIONS } }] },
    ],
  },
  {
    name: "gitlab",
    title: "GitLab, reading",
    description: "Clone and fetch with git, and read the API with glab, on the GitLab you name.",
    category: "source",
    parameters: [host("The host of your GitLab.", "gitlab.example.com")],
    programs: [...git, ...glab],
    endpoints: (values) =>
      values
        .host()
        .map((place) => restAt(place, [...FETCH, "GET /api/v4/**"], { more: { allow_encoded_slash: true } })),
  },
  {
    name: "gitlab-write",
    title: "GitLab, writing",
    description:
      "Push with git, and open issues, merge requests and notes with glab; merging, keys, hooks, variables and members stay shut.",
    category: "source",
    parameters: [host("The host of your GitLab.", "gitlab.example.com")],
    programs: [...git, ...glab],
    endpoints: (values) =>
      values.host().map((place) =>
        restAt(
          place,
          [
            ...PUSH,
            "POST /api/v4/projects/*/issues",
            "PUT /api/v4/projects/*/issues/*",
            "POST /api/v4/projects/*/issues/*/notes",
            "POST /api/v4/projects/*/merge_requests",
            "PUT /api/v4/projects/*/merge_requests/*",
            "POST /api/v4/projects/*/merge_requests/*/notes",
            "POST /api/v4/projects/*/merge_requests/*/discussions/**",
          ],
          // A project is named by its path, with an encoded slash.
          { more: { allow_encoded_slash: true } },
        ),
      ),
  },
];

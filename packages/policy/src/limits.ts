/** Every bound of the policy language in one place: the file comes from people, the request from a hostile sandbox. */

/** Ten thousand entries written out by a program take two and a half; a file that people review has a few kilobytes. A fleet takes less. */
export const POLICY_BYTES_MAX = 4 * 1024 * 1024;
/** The deepest field of the schema lies at 10; the YAML composer recurses, so the bound stands before it. */
export const YAML_DEPTH_MAX = 64;
/**
 * Words, marks and line ends where a file uses more of YAML than `src/yaml/quick.ts` reads (anchors, tags, texts over several lines):
 * then each costs five times as much. A megabyte of ordinary block style has 250,000.
 */
export const YAML_LEXEMES_MAX = 300_000;
/** Keeps a flood of problems from being as large as the file that caused it. */
export const PROBLEMS_MAX = 200;
export const ENTRIES_MAX = 10_000;
export const ENDPOINTS_PER_ENTRY_MAX = 1024;
export const BINARIES_PER_ENTRY_MAX = 1024;
export const RULES_PER_ENDPOINT_MAX = 10_000;
export const LIST_ITEMS_MAX = 10_000;
/** OpenShell's own bounds, kept so that a file means the same here. */
export const FILESYSTEM_PATHS_MAX = 256;
export const FILESYSTEM_PATH_CHARS_MAX = 4096;
export const MIDDLEWARES_MAX = 10;
export const MIDDLEWARE_PATTERNS_MAX = 32;
export const STRING_CHARS_MAX = 8192;
export const GLOB_CHARS_MAX = 4096;
/** RFC 1035 section 2.3.4. */
export const HOST_CHARS_MAX = 253;
export const LABEL_CHARS_MAX = 63;
/** Longer request targets are refused by most servers; judging them costs time the sandbox chooses. */
export const TARGET_CHARS_MAX = 16 * 1024;
export const QUERY_PARAMS_MAX = 1024;
/** OpenShell's default for graphql, mcp and json-rpc bodies. */
export const BODY_BYTES_DEFAULT = 64 * 1024;
export const BODY_BYTES_MAX = 10 * 1024 * 1024;
export const JSON_DEPTH_MAX = 64;
export const GRAPHQL_DEPTH_MAX = 64;
export const GRAPHQL_TOKENS_MAX = 50_000;
export const BATCH_MAX = 256;
export const ANCESTORS_MAX = 64;

/** Package and image registries. Which one is used is a matter of the user's own client configuration, so there is no default. */
import { type PresetSource, registry, restAt, type Values } from "./define.ts";
import { apt, cargo, containers, curl, go, node, python, uv } from "./programs.ts";

const READ = ["GET /**"];
/** `%2F` stands in the names of scoped packages. */
const scoped = { more: { allow_encoded_slash: true } };
const at =
  (rules: readonly string[], options = {}) =>
  (values: Values) =>
    values.places("registry").map((place) => restAt(place, rules, options));

export const packages: readonly PresetSource[] = [
  {
    name: "npm",
    title: "npm packages",
    description: "Install packages of npm, pnpm or yarn from your registry; publishing stays shut.",
    category: "packages",
    parameters: [registry("What `npm config get registry` prints.")],
    programs: node,
    endpoints: at([...READ, "POST /-/npm/v1/security/advisories/bulk", "POST /-/npm/v1/security/audits/quick"], scoped),
  },
  {
    name: "pypi",
    title: "Python packages",
    description: "Install packages with pip or uv from your index and the host of its files; uploading stays shut.",
    category: "packages",
    parameters: [registry("What `pip config get global.index-url` prints, and the host its file links lead to.")],
    programs: [...python, ...uv],
    endpoints: at(READ),
  },
  {
    name: "cargo",
    title: "Rust crates",
    description: "Fetch crates and their index; publishing stays shut.",
    category: "packages",
    parameters: [registry("The index and download hosts of your Cargo configuration.")],
    programs: cargo,
    endpoints: at(READ),
  },
  {
    name: "go",
    title: "Go modules",
    description: "Fetch modules and their checksums from your proxy.",
    category: "packages",
    parameters: [registry("What `go env GOPROXY` prints, and the checksum database if you use one.")],
    programs: go,
    // `direct` and `off` are words of Go's own, not hosts.
    endpoints: (values) => values.places("registry", ["direct", "off"]).map((place) => restAt(place, READ)),
  },
  {
    name: "apt",
    title: "Debian packages",
    description: "Fetch packages and their lists from your mirror.",
    category: "packages",
    parameters: [registry("The mirror in your apt sources.")],
    programs: apt,
    endpoints: at(READ),
  },
  {
    name: "brew",
    title: "Homebrew",
    description: "Fetch formulae and bottles from your mirror.",
    category: "packages",
    parameters: [registry("The values of HOMEBREW_API_DOMAIN and HOMEBREW_BOTTLE_DOMAIN.")],
    programs: curl,
    endpoints: at(READ),
  },
  {
    name: "docker",
    title: "Container images",
    description: "Pull images with docker, podman, skopeo, buildah or crane; pushing stays shut.",
    category: "packages",
    parameters: [registry("Your image registry, and the hosts of its tokens and layers if they differ.")],
    programs: containers,
    endpoints: at(["GET /**"]),
  },
];

/** What is known of programs, hosts and ports by their names. Tables, so that a reviewer can read what the linter believes. */

/** Programs that run what they are given: whoever may be them may be anything. */
export const SHELLS = ["sh", "bash", "dash", "zsh", "fish", "ksh", "env", "xargs", "busybox"];
export const RUNTIMES = [
  "node",
  "bun",
  "deno",
  "python",
  "python2",
  "python3",
  "perl",
  "ruby",
  "php",
  "lua",
  "awk",
  "gawk",
  "tclsh",
  "java",
];
/** Programs that start others: hooks, install scripts, build steps. */
const STARTERS = [
  "npm",
  "npx",
  "pnpm",
  "yarn",
  "pip",
  "pip3",
  "uv",
  "uvx",
  "poetry",
  "cargo",
  "go",
  "gem",
  "bundle",
  "composer",
  "mvn",
  "gradle",
  "make",
  "apt",
  "apt-get",
  "dnf",
  "apk",
  "brew",
  "conda",
  "docker",
  "podman",
  "git",
  "ssh",
  "tmux",
  "screen",
  "sudo",
];
/** Programs that carry any bytes to where they may connect. */
const CARRIERS = [
  "curl",
  "wget",
  "nc",
  "ncat",
  "netcat",
  "socat",
  "ssh",
  "scp",
  "sftp",
  "rsync",
  "telnet",
  "openssl",
  "aria2c",
];

export const PROGRAM_DIRECTORIES = ["/bin", "/usr/bin", "/usr/local/bin"];

const bare = (path: string): string =>
  (path.split("/").at(-1) ?? "").replace(/\*+$/, "").replace(/(?<=[a-z])[\d.]+$/, "");

export const isShell = (path: string): boolean => SHELLS.includes(bare(path));
export const isRuntime = (path: string): boolean => RUNTIMES.includes(bare(path));
export const isStarter = (path: string): boolean => STARTERS.includes(bare(path));
export const isCarrier = (path: string): boolean => CARRIERS.includes(bare(path));

/** Directories that an agent's sandbox usually lets it write. */
export const WRITABLE = /^\/(tmp|var\/tmp|dev\/shm|run\/user|sandbox|workspace|workdir|home|root)(\/|$)/;

/** Names under which anybody can get a host: a pattern over them names strangers. */
export const SHARED_DOMAINS = [
  "amazonaws.com",
  "cloudfront.net",
  "azurewebsites.net",
  "blob.core.windows.net",
  "windows.net",
  "azureedge.net",
  "trafficmanager.net",
  "storage.googleapis.com",
  "googleusercontent.com",
  "appspot.com",
  "run.app",
  "web.app",
  "firebaseapp.com",
  "firebaseio.com",
  "github.io",
  "githubusercontent.com",
  "gitlab.io",
  "netlify.app",
  "vercel.app",
  "pages.dev",
  "workers.dev",
  "r2.dev",
  "herokuapp.com",
  "onrender.com",
  "fly.dev",
  "railway.app",
  "ngrok.io",
  "ngrok.app",
  "ngrok-free.app",
  "trycloudflare.com",
  "fastly.net",
  "surge.sh",
  "glitch.me",
  "repl.co",
  "replit.app",
  "deno.dev",
  "hf.space",
  "digitaloceanspaces.com",
  "ondigitalocean.app",
  "backblazeb2.com",
  "wasabisys.com",
  "duckdns.org",
  "nip.io",
  "sslip.io",
  "webhook.site",
  "pipedream.net",
  "blogspot.com",
  "wordpress.com",
];
/** Second-level suffixes that registries sell names under. */
export const REGISTRY_SUFFIXES =
  /^(co|com|net|org|gov|edu|ac|gob|or|ne|go|ltd|plc|me)\.(uk|jp|kr|nz|za|in|il|id|th|au|br|cn|tw|hk|sg|my|mx|ar|co|pe|tr|ua|vn|ph|pk|ng|ke|eg|sa|at)$/;

/** Programs and hosts of one trade; an entry that pairs two trades opens pairs that nobody asked for. */
const TRADES: readonly { name: string; programs: readonly string[]; hosts: RegExp; ports: readonly number[] }[] = [
  {
    name: "source",
    programs: ["git", "gh", "glab", "hub", "git-remote-https", "git-remote-http"],
    hosts: /(^|[.*])(github|gitlab|bitbucket|codeberg|gitea)\b|(^|\.)git\./,
    ports: [9418],
  },
  {
    name: "python",
    programs: ["pip", "pip3", "uv", "poetry", "conda", "python", "python3"],
    hosts: /(^|\.)(py|pip|conda|anaconda)/,
    ports: [],
  },
  {
    name: "javascript",
    programs: ["npm", "npx", "pnpm", "yarn", "node", "bun", "deno"],
    hosts: /(^|\.)(npm|yarn|jsr)/,
    ports: [],
  },
  { name: "rust", programs: ["cargo", "rustup"], hosts: /(^|\.)(crates|rust)/, ports: [] },
  {
    name: "containers",
    programs: ["docker", "podman", "skopeo", "crane"],
    hosts: /(^|\.)(docker|ghcr|quay|gcr|oci)/,
    ports: [],
  },
  {
    name: "cloud",
    programs: ["aws", "gcloud", "az", "kubectl", "terraform"],
    hosts: /(^|\.)(amazonaws\.com|googleapis\.com|azure\.com)$/,
    ports: [6443],
  },
  {
    name: "databases",
    programs: ["psql", "pg_dump", "mysql", "mongosh", "redis-cli", "sqlcmd"],
    hosts: /(^|\.)(db|database|postgres|pg|mysql|redis|mongo)\d*\./,
    ports: [5432, 3306, 6379, 27017, 1433],
  },
  { name: "shells", programs: ["ssh", "scp", "sftp"], hosts: /(^|\.)(ssh|bastion|jump)\d*\./, ports: [22] },
  {
    name: "models",
    programs: ["claude", "codex", "copilot", "gemini", "ollama", "aider", "openclaw"],
    hosts:
      /(^|\.)(anthropic\.com|openai\.com|githubcopilot\.com|generativelanguage\.googleapis\.com|integrate\.api\.nvidia\.com)$/,
    ports: [],
  },
  {
    name: "messages",
    programs: ["slack", "discord", "signal-cli", "sendmail", "msmtp"],
    hosts: /(^|\.)(slack\.com|discord\.com|telegram\.org)$|(^|\.)(smtp|mail)\./,
    ports: [25, 465, 587],
  },
];

export function tradeOfProgram(path: string): string | null {
  const name = bare(path);
  const whole = path.split("/").at(-1) ?? "";
  return TRADES.find(({ programs }) => programs.includes(name) || programs.includes(whole))?.name ?? null;
}
export const tradeOfEndpoint = (host: string, ports: readonly number[]): string | null =>
  TRADES.find((trade) => trade.hosts.test(host) || ports.some((port) => trade.ports.includes(port)))?.name ?? null;

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const VERSION = "143.0.4";
/** The last part changes when what is put into the folder changes. */
const UNPACKED = join(root, `.cache/chromium-${VERSION}-fonts`);
const UNPACK_TIMEOUT_MS = 120_000;

export interface Browser {
  executablePath: string;
  args: string[];
  env: Record<string, string>;
}

const fontsConfig = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>${join(UNPACKED, "fonts")}</dir><cachedir>${join(UNPACKED, "fonts-cache")}</cachedir></fontconfig>
`;

/** No sandbox of its own: the tests may run as root, and the pages are ours. */
const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/**
 * A Chromium that is there, else the one that npm brought, unpacked once into the project's cache. The package unpacks its own
 * libraries only where it believes to be in a Lambda, and always into the temp folder: both are arranged for a child process.
 */
export function findChromium(): Browser {
  const present = [process.env.CHROMIUM_PATH, "/usr/bin/chromium"].find((path) => path && existsSync(path));
  if (present) return { executablePath: present, args: ARGS, env: {} };
  if (!existsSync(UNPACKED)) {
    const staging = `${UNPACKED}.${process.pid}`;
    mkdirSync(staging, { recursive: true });
    const script = 'await (await import("@sparticuz/chromium")).default.executablePath()';
    execFileSync(process.execPath, ["--input-type=module", "-e", script], {
      cwd: join(root, "e2e"),
      env: { ...process.env, TMPDIR: staging, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs20.x" },
      timeout: UNPACK_TIMEOUT_MS,
    });
    // The package's own list names folders of a Lambda; without a font Chromium crashes at the first form field.
    writeFileSync(join(staging, "fonts/fonts.conf"), fontsConfig);
    try {
      renameSync(staging, UNPACKED);
    } catch (error) {
      // Another worker was first.
      rmSync(staging, { recursive: true, force: true });
      if (!existsSync(UNPACKED)) throw error;
    }
  }
  return {
    executablePath: join(UNPACKED, "chromium"),
    args: [...ARGS, "--headless=shell", "--no-zygote"],
    env: { LD_LIBRARY_PATH: join(UNPACKED, "al2023/lib"), FONTCONFIG_PATH: join(UNPACKED, "fonts"), TMPDIR: UNPACKED },
  };
}

import type { Paint } from "../io.ts";
import type { FirstOwner } from "./bootstrap.ts";
import type { DevFile } from "./credentials.ts";
import type { NodeView } from "./demo.ts";
import type { HomePaths } from "./home.ts";

/** How to come in: by the first owner's sign-in as long as it is one, and never by a password that was changed. */
function signInOf({ email, password, owns, passwordHolds }: Standing): { who: string; password: string } {
  if (!owns) return { who: `as an owner; ${email} is none any more`, password: "your own" };
  const changed = "the one it was changed to; the first one is not put back";
  return { who: email, password: passwordHolds ? password : changed };
}
type Standing = Pick<FirstOwner, "email" | "password" | "owns" | "passwordHolds">;

function modelLine(node: NodeView | null): string {
  if (node === null) return "not asked: the key of the first start is no longer valid";

  const model = node.model;
  if (model === null) return "none yet";
  if (model.scripted) return `${model.name} (scripted: it runs the listed commands and is no language model)`;
  return `${model.provider} ${model.name}; the demo agent uses it every five minutes, \`npx creel sandbox stop demo\` ends that`;
}

interface Started {
  dev: Pick<DevFile, "webUrl">;
  owner: Standing;
  /** Null where this program may not ask about it. */
  node: NodeView | null;
  paths: Pick<HomePaths, "devJson" | "logs">;
}

/** What a person sees when everything runs. The last line is the one scripts may wait for. */
export function describeStarted({ dev, owner, node, paths }: Started, paint: Paint): string {
  const { who, password } = signInOf(owner);
  const label = (text: string): string => paint("dim", text.padEnd(10));
  return `
${paint("bold", "Creel is running.")}

  ${label("Dashboard")} ${paint("cyan", dev.webUrl)}
  ${label("Sign in")} ${who}
  ${label("Password")} ${password}
  ${label("Model")} ${modelLine(node)}
  ${label("Also in")} ${paths.devJson}   ${paint("dim", "logs:")} ${paths.logs}

Try next
  1. Open the dashboard: sandbox "demo" runs the pi agent; its decisions arrive as they happen.
  2. Open a denied POST to tickets.creel.example, press "Allow…", look at the diff, save the new version.
  3. The agent's next try succeeds without a restart. What you did stands in the audit list.

  npx creel sandbox ls
  npx creel sandbox exec demo -- curl -sS https://tickets.creel.example/api/tickets
  npx creel run -- sh -c 'curl -sS https://example.com'      ${paint("dim", "# denied: no policy allows it")}

Ctrl-C stops everything; the data stays.
`;
}

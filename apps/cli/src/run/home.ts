import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AgentError, agentPlugins } from "@creel/agents";
import { CliError } from "../exit.ts";
import { type KnownAgent, prepareAgent } from "./agent.ts";
import type { LazyRouter } from "./model.ts";

export interface LaidHome {
  command: string[];
  env: Record<string, string>;
  /** A folder of this host, gone after the run. */
  home: string;
  notes: string[];
}

/** Makes the home of a known agent, with its settings in it; a home that is a folder, because agents replace their settings. */
export async function layHome(input: {
  agent: KnownAgent;
  command: readonly string[];
  folder: string;
  id: string;
  router: LazyRouter;
}): Promise<LaidHome> {
  const { agent, folder, id, router } = input;
  const { title } = agentPlugins[agent];
  const model = await router.model();
  const notes = model.scripted
    ? [`no model key is set here, so a scripted demo model answers ${title}; it says so itself`]
    : [`${title} asks ${model.provider}'s ${model.name}; the key stays outside of the sandbox`];
  try {
    const { files, ...prepared } = prepareAgent(agent, input.command, model, id);
    const home = join(folder, "home");
    mkdirSync(join(home, "work"), { recursive: true, mode: 0o700 });
    for (const { path, content } of files) {
      mkdirSync(dirname(join(home, path)), { recursive: true, mode: 0o700 });
      writeFileSync(join(home, path), content, { mode: 0o600 });
    }
    return { ...prepared, home, notes };
  } catch (error) {
    if (!(error instanceof AgentError)) throw error;
    throw new CliError(error.message, {
      place: agent,
      remedy: "Set the key of a model that it speaks to, or run it with --agent none.",
    });
  }
}

import type { Case } from "../model.ts";
import { command } from "./command.ts";
import { commandLife } from "./command-life.ts";
import { credentialSources } from "./credential-sources.ts";
import { credentials } from "./credentials.ts";
import { dns_ } from "./dns.ts";
import { filesystem } from "./filesystem.ts";
import { filesystemWrite } from "./filesystem-write.ts";
import { http } from "./http.ts";
import { httpRules } from "./http-rules.ts";
import { http2 } from "./http2.ts";
import { identity } from "./identity.ts";
import { kernel_ } from "./kernel.ts";
import { lifecycle } from "./lifecycle.ts";
import { limits } from "./limits.ts";
import { network } from "./network.ts";
import { process_ } from "./process.ts";
import { profiles } from "./profiles.ts";
import { profilesRoots } from "./profiles-roots.ts";
import { protocols } from "./protocols.ts";
import { proxy } from "./proxy.ts";
import { resources } from "./resources.ts";
import { resourcesLife } from "./resources-life.ts";
import { websocket } from "./websocket.ts";

export function allCases(): Case[] {
  const cases = [
    ...filesystem,
    ...filesystemWrite,
    ...process_,
    ...kernel_,
    ...network,
    ...protocols,
    ...identity,
    ...http,
    ...httpRules,
    ...http2,
    ...websocket,
    ...proxy,
    ...dns_,
    ...credentials,
    ...credentialSources,
    ...resources,
    ...resourcesLife,
    ...limits,
    ...profiles,
    ...profilesRoots,
    ...command,
    ...commandLife,
    ...lifecycle,
  ];
  const seen = new Set<string>();
  for (const { id } of cases) {
    if (seen.has(id)) throw new Error(`two cases are named ${id}`);
    seen.add(id);
  }
  return cases;
}

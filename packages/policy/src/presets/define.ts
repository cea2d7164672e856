/** The few words presets are written in. A rule is `METHOD[,METHOD] /path/glob`. */
import { PolicyEditError } from "../edit/error.ts";
import { hostOf, type Place, placesOf } from "./place.ts";
import type { Preset, PresetParameter } from "./types.ts";

/** An endpoint in the file's own shape. */
export type EndpointShape = Readonly<Record<string, unknown>>;

export interface PresetSource extends Omit<Preset, "parameters"> {
  parameters?: readonly PresetParameter[];
  programs: readonly string[];
  endpoints: readonly EndpointShape[] | ((values: Values) => readonly EndpointShape[]);
}

/** What a person gave for the parameters. */
export class Values {
  private readonly given: Readonly<Record<string, string>>;
  private readonly asksAddress: boolean;
  constructor(given: Readonly<Record<string, string>>, { asksAddress }: { asksAddress: boolean }) {
    this.given = given;
    this.asksAddress = asksAddress;
  }
  text(name: string): string {
    return this.given[name]?.trim() ?? "";
  }
  /** The one host that the parameter `host` names; a list, as `places` gives. */
  host(): [Place] {
    return [
      hostOf("host", this.text("host"), { needsAddress: this.asksAddress && this.addresses("address") === undefined }),
    ];
  }
  /** Hosts or URLs, separated by commas or bars; `words` are none. */
  places(name: string, words: readonly string[] = []): Place[] {
    return placesOf(name, this.text(name), words);
  }
  /** Addresses or ranges; undefined when none is given. */
  addresses(name: string): string[] | undefined {
    const list = this.text(name)
      .split(/[\s,]+/)
      .filter((part) => part !== "");
    return list.length === 0 ? undefined : list;
  }
}

function clauses(lines: readonly string[]): { method: string; path: string }[] {
  return lines.flatMap((line) => {
    const [methods = "", path = ""] = line.split(" ");
    return methods.split(",").map((method) => ({ method, path }));
  });
}

interface Options {
  deny?: readonly string[];
  port?: number;
  /** Further fields of the endpoint. */
  more?: EndpointShape;
}

/** An endpoint whose requests are judged one by one. */
export const rest = (
  host: string,
  rules: readonly string[],
  { deny, port = 443, more }: Options = {},
): EndpointShape => ({
  host,
  port,
  protocol: "rest",
  ...more,
  rules: clauses(rules).map((allow) => ({ allow })),
  ...(deny === undefined ? {} : { deny_rules: clauses(deny) }),
});

/** Reading anything the host has. */
export const read = (host: string, more: EndpointShape = {}): EndpointShape => ({
  host,
  port: 443,
  protocol: "rest",
  ...more,
  access: "read-only",
});

/** A WebSocket whose text messages pass, each seen. */
export const socket = (host: string, path: string): EndpointShape => ({
  host,
  port: 443,
  protocol: "websocket",
  rules: clauses([`GET,WEBSOCKET_TEXT ${path}`]).map((allow) => ({ allow })),
});

/** A service that pins its own certificates or speaks no HTTP: its bytes pass unseen. */
export const unseen = (host: string): EndpointShape => ({ host, port: 443, tls: "skip" });

/** The same rules below a place the user named; its path is their prefix. */
export function restAt(
  place: Place,
  rules: readonly string[],
  options: Options & { addresses?: string[] | undefined } = {},
) {
  const below = (lines: readonly string[]) => lines.map((line) => line.replace(" /", ` ${place.path}/`));
  const allowed = options.addresses ?? place.addresses;
  return rest(place.host, below(rules), {
    port: place.port,
    more: { ...options.more, ...(allowed === undefined ? {} : { allowed_ips: allowed }) },
    ...(options.deny === undefined ? {} : { deny: below(options.deny) }),
  });
}

export const host = (description: string, example: string): PresetParameter => ({ name: "host", description, example });
export const registry = (description: string, example = "packages.example.com"): PresetParameter => ({
  name: "registry",
  description: `${description} Several are separated by commas.`,
  example,
});
/** For services of one's own network: a private address must be named to be reached. */
export const address: PresetParameter = {
  name: "address",
  description: "The private address or range the host stands for; left out where it is public.",
  example: "10.20.0.0/16",
  optional: true,
};

/** Checks what was given against what is asked for. */
export function valuesFor(preset: Preset, given: Readonly<Record<string, string>>): Values {
  const known = new Set(preset.parameters.map(({ name }) => name));
  for (const name of Object.keys(given))
    if (!known.has(name))
      throw new PolicyEditError(
        `Preset \`${preset.name}\` has no parameter \`${name}\`. ${known.size === 0 ? "It takes none." : `It takes ${[...known].join(", ")}.`}`,
      );
  for (const { name, description, example, optional } of preset.parameters)
    if (optional !== true && (given[name] ?? "").trim() === "")
      throw new PolicyEditError(`Preset \`${preset.name}\` needs \`${name}\`: ${description} For example ${example}.`);
  return new Values(given, { asksAddress: known.has("address") });
}

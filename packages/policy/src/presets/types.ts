/** A named part of a policy: one service, for the programs that use it. */
export interface PresetParameter {
  name: string;
  /** One sentence. */
  description: string;
  /** An example in the documentation domains; never a default. */
  example: string;
  /** May be left out. */
  optional?: true | undefined;
}

export interface Preset {
  name: string;
  title: string;
  /** One sentence: what it opens, for whom. */
  description: string;
  category: "source" | "packages" | "messaging" | "models" | "agents" | "tools" | "data";
  /** What the user's own configuration must provide, e.g. the registry's host. */
  parameters: readonly PresetParameter[];
}

export type TierName = "restricted" | "balanced" | "open";

export interface Tier {
  name: TierName;
  description: string;
  /** Presets it applies. */
  presets: readonly string[];
}

/** A preset that a policy carries. */
export interface AppliedPreset {
  name: string;
  /** The key of its entry. */
  entry: string;
  parameters: Readonly<Record<string, string>>;
  /**
   * `current`: as this version gives it; `outdated`: as an earlier version gave it; `changed`: a person has changed it since;
   * `unknown`: no preset of this name is known.
   */
  state: "current" | "outdated" | "changed" | "unknown";
}

export { addPreset, appliedPresets, type PresetChoice, presetYaml, removePreset } from "./apply.ts";
export { findPreset, presets } from "./library.ts";
export { isTier, type TierChoice, tiers, tierYaml } from "./tiers.ts";
export type * from "./types.ts";

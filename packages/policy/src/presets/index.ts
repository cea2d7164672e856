export { addPreset, appliedPresets, type PresetChoice, presetYaml, removePreset } from "./apply.ts";
export { findPreset, nearestPreset, presets } from "./library.ts";
export { isTier, nearestTier, type TierChoice, tiers, tierYaml } from "./tiers.ts";
export type * from "./types.ts";

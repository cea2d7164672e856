import type { DecisionExplanation, DecisionView } from "@creel/core";
import { addPreset, PolicyEditError } from "@creel/policy/browser";
import { describe, expect, it } from "vitest";
import { hindranceOf } from "../src/app/(app)/decisions/[id]/hindrance.ts";
import { draftOf, isChanged, isOvertaken, keepDraft, keptDraft, withNewest, withSaved } from "../src/policy/draft.ts";
import { wrongParameter } from "../src/policy/wrong-parameter.ts";

const six = { version: 6, yaml: "six" };
const seven = { version: 7, yaml: "seven" };
const written = { base: six, text: "mine" };

describe("a text that is being written", () => {
  it("goes on from one's own save, whether the list of versions knows it yet or not", () => {
    const saved = withSaved(written, { version: 7, yaml: "mine" });
    expect(isChanged(saved)).toBe(false);
    expect(withNewest(saved, six)).toBe(saved);
    expect(isOvertaken(saved, six)).toBe(false);
    const next = { ...saved, text: "mine, more" };
    expect(isOvertaken(next, { version: 7, yaml: "mine" })).toBe(false);
    expect(withNewest(next, six)).toBe(next);
  });
  it("takes the newest version where it is the same text, or where nothing was written", () => {
    expect(withNewest(written, { version: 7, yaml: "mine" })).toEqual(draftOf({ version: 7, yaml: "mine" }));
    expect(withNewest(draftOf(six), seven)).toEqual(draftOf(seven));
  });
  it("is never replaced by what somebody else saved meanwhile", () => {
    expect(withNewest(written, seven)).toBe(written);
    expect(isOvertaken(written, seven)).toBe(true);
  });
});

describe("a text that was left unsaved", () => {
  const key = { actorId: "a", policyId: "p" };
  const memory = () => {
    const held = new Map<string, string>();
    return {
      held,
      getItem: (name: string) => held.get(name) ?? null,
      setItem: (name: string, value: string) => void held.set(name, value),
      removeItem: (name: string) => void held.delete(name),
    };
  };
  it("comes back for the person and the policy it belongs to", () => {
    const store = memory();
    expect(keepDraft(store, key, written)).toBe(true);
    expect(keptDraft(store, key, six)).toEqual(written);
    expect(keptDraft(store, { ...key, actorId: "b" }, six)).toBeNull();
    expect(keptDraft(store, { ...key, policyId: "q" }, six)).toBeNull();
  });
  it("is forgotten once it is saved or undone", () => {
    const store = memory();
    keepDraft(store, key, written);
    keepDraft(store, key, draftOf(six));
    expect(store.held.size).toBe(0);
    keepDraft(store, key, written);
    expect(keptDraft(store, key, { version: 7, yaml: "mine" })).toBeNull();
  });
  it("counts as overtaken by a newer version, and never names a version beside the text of an earlier one", () => {
    const store = memory();
    keepDraft(store, key, written);
    const kept = keptDraft(store, key, seven);
    expect(kept && isOvertaken(kept, seven)).toBe(true);
    keepDraft(store, key, { base: seven, text: "mine" });
    expect(keptDraft(store, key, six)?.base).toEqual(six);
  });
  it("hinders nothing where the browser keeps nothing or holds nonsense", () => {
    const forbid = () => {
      throw new Error("QuotaExceededError");
    };
    const closed = { getItem: forbid, setItem: forbid, removeItem: forbid };
    expect(keepDraft(closed, key, written)).toBe(false);
    expect(keptDraft(closed, key, six)).toBeNull();
    for (const nonsense of ["{", "7", '{"version":"6","text":"x"}', '{"version":6}'])
      expect(keptDraft({ ...closed, getItem: () => nonsense }, key, six)).toBeNull();
  });
});

/** Guarantee: only these fields are read. */
const asked = (fields: object) => ({ kind: "http", binary: { path: "/usr/bin/curl" }, ...fields }) as DecisionView;
const told = (newest: Partial<DecisionExplanation["newest"]> | null) =>
  ({ newest: newest && { policyId: "p", policyName: "demo", version: 3, ...newest } }) as DecisionExplanation;

describe("nothing is offered", () => {
  it("where no policy can allow it, and the reason is said", () => {
    const why = told({ allows: false, unturnable: "No policy file can turn this." });
    expect(hindranceOf(asked({}), why)).toEqual({ kind: "never", sentence: "No policy file can turn this." });
    expect(hindranceOf(asked({ kind: "dns" }), undefined)?.kind).toBe("never");
    expect(hindranceOf(asked({ binary: null }), undefined)?.kind).toBe("never");
  });
  it("where the present version allows it, which is named", () => {
    const why = told({ allows: true, unturnable: null });
    expect(hindranceOf(asked({}), why)).toMatchObject({ kind: "allowed", policyName: "demo", version: 3 });
  });
  it("else a change is offered, also where the past cannot be judged again", () => {
    expect(hindranceOf(asked({}), told({ allows: false, unturnable: null }))).toBeNull();
    expect(hindranceOf(asked({}), told(null))).toBeNull();
    expect(hindranceOf(asked({}), undefined)).toBeNull();
  });
});

describe("a refusal of a preset", () => {
  it("is said at the parameter that it names first", () => {
    expect(wrongParameter("`host`: that is none; see `address`.", ["address", "host"])).toBe("host");
    expect(wrongParameter("The file has errors; repair them first.", ["host"])).toBeNull();
    expect(wrongParameter("`host` names no host.", [])).toBeNull();
  });
  it("names the parameter, as the language words it", () => {
    const add = () =>
      addPreset("version: 1\nnetwork_policies: {}\n", { name: "gitlab", parameters: { host: "https://a.example/?x" } });
    expect(add).toThrow(PolicyEditError);
    expect(add).toThrow("`host`");
  });
});

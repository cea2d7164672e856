"use client";
import { addPreset, diffLines, type Preset, presets } from "@creel/policy/browser";
import { type ReactNode, useState } from "react";
import { wrongParameter } from "../../../../policy/wrong-parameter.ts";
import { Button } from "../../../../ui/button.tsx";
import { Dialog } from "../../../../ui/dialog.tsx";
import { Diff } from "../../../../ui/diff.tsx";
import { Field } from "../../../../ui/field.tsx";
import { Words } from "../../../../ui/words.tsx";

/** As reviewers think of them: what the agent works with first. */
const categories: readonly (readonly [Preset["category"], string])[] = [
  ["source", "Source code"],
  ["packages", "Packages"],
  ["models", "Models"],
  ["agents", "Agents"],
  ["tools", "Tools"],
  ["data", "Data"],
  ["messaging", "Messaging"],
];

type Outcome = { text: string } | Refused;
interface Refused {
  refusal: string;
  /** The parameter that is wrong; null where it is none of them. */
  parameter: string | null;
}

/** The editor's own refusal is a sentence for people; so is every other error of a pure function on a text. */
const outcomeOf = (text: string, preset: Preset, parameters: Readonly<Record<string, string>>): Outcome => {
  const missing = preset.parameters.find(({ name, optional }) => !optional && !parameters[name]?.trim());
  if (missing !== undefined) return { refusal: `Fill in ${missing.name}.`, parameter: null };
  const given = Object.fromEntries(
    Object.entries(parameters).flatMap(([name, value]) => (value.trim() === "" ? [] : [[name, value.trim()]])),
  );
  try {
    return { text: addPreset(text, { name: preset.name, parameters: given }) };
  } catch (error) {
    const refusal = error instanceof Error ? error.message : "The preset could not be added.";
    return { refusal, parameter: wrongParameter(refusal, Object.keys(given)) };
  }
};

const Choices = ({ choose }: { choose: (preset: Preset) => void }) =>
  categories.map(([category, title]) => {
    const listed = presets.filter((preset) => preset.category === category);
    return listed.length === 0 ? null : (
      <section key={category} aria-label={title}>
        <h3 className="font-semibold">{title}</h3>
        <ul>
          {listed.map((preset) => (
            <li key={preset.name}>
              <button
                type="button"
                aria-label={`${preset.title}: ${preset.description}`}
                onClick={() => choose(preset)}
                className="w-full rounded px-1.5 py-1 text-left hover:bg-sunken"
              >
                <span className="font-medium text-accent">{preset.title}</span>{" "}
                <span className="text-muted">
                  <Words>{preset.description}</Words>
                </span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    );
  });

const Outcomes = ({ text, outcome, children }: { text: string; outcome: Outcome; children: ReactNode }) => (
  <div className="grid min-w-0 gap-3">
    {children}
    {"refusal" in outcome ? (
      // What is wrong with one parameter is said at its field.
      outcome.parameter === null ? (
        <p role="status" className="text-muted">
          <Words>{outcome.refusal}</Words>
        </p>
      ) : null
    ) : outcome.text === text ? (
      <p className="text-muted">The text has this preset already.</p>
    ) : (
      <Diff label="What the preset adds" lines={diffLines(text, outcome.text)} />
    )}
  </div>
);

/** A service for the programs that use it, put into the text; nothing is saved by it. */
export const AddPreset = (props: { text: string; disabledReason: string | null; onAdd: (text: string) => void }) => {
  const [open, setOpen] = useState(false);
  const [chosen, setChosen] = useState<Preset | null>(null);
  const [parameters, setParameters] = useState<Readonly<Record<string, string>>>({});
  const outcome = open && chosen !== null ? outcomeOf(props.text, chosen, parameters) : null;
  // What was filled in for one preset is nothing that another one asks for.
  const choose = (preset: Preset | null) => {
    setChosen(preset);
    setParameters({});
  };
  const change = (next: boolean) => {
    setOpen(next);
    choose(null);
  };
  const refused = outcome !== null && "refusal" in outcome ? outcome : null;
  const reason =
    outcome === null
      ? "Choose a preset."
      : "refusal" in outcome
        ? "It cannot be added yet."
        : outcome.text === props.text
          ? "There is nothing to add."
          : null;
  return (
    <>
      <Button disabledReason={props.disabledReason} onClick={() => change(true)}>
        Add preset…
      </Button>
      <Dialog
        open={open}
        onOpenChange={change}
        wide
        title="Add a preset"
        description="Opens one service for the programs that use it. It goes into the text; nothing is saved yet."
        footer={
          <>
            {chosen === null ? null : <Button onClick={() => choose(null)}>Back to the list</Button>}
            <Button onClick={() => change(false)}>Cancel</Button>
            <Button
              look="primary"
              disabledReason={reason}
              onClick={() => {
                if (outcome !== null && "text" in outcome) props.onAdd(outcome.text);
                change(false);
              }}
            >
              Add to the text
            </Button>
          </>
        }
      >
        {chosen === null || outcome === null ? (
          <div className="grid gap-3">
            <Choices choose={choose} />
          </div>
        ) : (
          <Outcomes text={props.text} outcome={outcome}>
            <p>
              <span className="font-medium">{chosen.title}</span>{" "}
              <span className="text-muted">
                <Words>{chosen.description}</Words>
              </span>
            </p>
            {chosen.parameters.map(({ name, description, example, optional }) => (
              <Field
                key={name}
                label={optional ? `${name} (optional)` : name}
                hint={description}
                placeholder={example}
                value={parameters[name] ?? ""}
                onChange={(event) => setParameters({ ...parameters, [name]: event.target.value })}
                error={refused?.parameter === name ? <Words>{refused.refusal}</Words> : null}
                autoComplete="off"
              />
            ))}
          </Outcomes>
        )}
      </Dialog>
    </>
  );
};

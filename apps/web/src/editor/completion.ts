import {
  type Completion,
  type CompletionContext,
  type CompletionResult,
  startCompletion,
} from "@codemirror/autocomplete";
import type { EditorView, Tooltip } from "@codemirror/view";
import { type CompletionOption, completePolicy, describeField } from "@creel/policy/browser";

const types: Readonly<Record<CompletionOption["kind"], string>> = {
  field: "property",
  value: "enum",
  host: "text",
  program: "text",
  entry: "variable",
};

/** A sentence in which backticks mark what stands in a file. */
function sentence(text: string): HTMLElement {
  const dom = document.createElement("div");
  for (const [at, part] of text.split("`").entries()) {
    if (at % 2 === 0) dom.append(part);
    else dom.append(Object.assign(document.createElement("code"), { textContent: part }));
  }
  return dom;
}

/** Every proposal is of one replacement range, which the package has worked out. */
const toCompletion = (option: CompletionOption): Completion => ({
  label: option.label,
  type: types[option.kind],
  ...(option.kind === "field"
    ? { info: () => sentence(option.detail) }
    : { detail: option.detail.replaceAll("`", "") }),
  apply: (view, completion, from, to) => {
    view.dispatch({
      changes: { from, to, insert: option.insert },
      selection: { anchor: from + option.insert.length },
      userEvent: "input.complete",
      scrollIntoView: true,
    });
    // After `access: ` its words are the next question.
    if (completion.type === "property") startCompletion(view);
  },
});

export function policyCompletions(context: CompletionContext): CompletionResult | null {
  const { from, to, options } = completePolicy(context.state.doc.toString(), context.pos);
  if (options.length === 0) return null;
  // Unasked, only for somebody who has begun a word: an empty line is often meant to be one.
  if (!context.explicit && from === context.pos) return null;
  return { from, to, options: options.map(toCompletion), validFor: /^[\w./*@-]*$/ };
}

/** What a field means, over its name. */
export function fieldTooltip(view: EditorView, pos: number): Tooltip | null {
  const described = describeField(view.state.doc.toString(), pos);
  if (described === null) return null;
  return {
    pos: described.from,
    end: described.to,
    above: true,
    create: () => {
      const dom = document.createElement("div");
      dom.className = "cm-field-doc";
      const type = document.createElement("div");
      type.textContent = described.type;
      type.style.color = "var(--muted)";
      dom.append(sentence(described.doc), type);
      return { dom };
    },
  };
}

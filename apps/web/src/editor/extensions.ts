import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentUnit } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap } from "@codemirror/lint";
import { highlightSelectionMatches, search, searchKeymap } from "@codemirror/search";
import { EditorState, type Extension, type Text } from "@codemirror/state";
import {
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  hoverTooltip,
  keymap,
  lineNumbers,
  tooltips,
} from "@codemirror/view";
import type { PolicyProblem } from "@creel/policy/browser";
import { fieldTooltip, policyCompletions } from "./completion.ts";
import { wordAt } from "./place.ts";
import { editorTheme } from "./theme.ts";

/** The F8 of the lint keys; its panel is left out because the page lists the problems itself. */
const problemKeys = lintKeymap.filter(({ key }) => key === "F8");

export const editorExtensions: Extension = [
  lineNumbers(),
  lintGutter(),
  highlightActiveLineGutter(),
  highlightActiveLine(),
  history(),
  drawSelection(),
  bracketMatching(),
  closeBrackets(),
  search({ top: true }),
  highlightSelectionMatches(),
  yaml(),
  indentUnit.of("  "),
  EditorState.tabSize.of(2),
  autocompletion({ override: [policyCompletions], icons: false, activateOnTypingDelay: 80 }),
  hoverTooltip(fieldTooltip),
  // Outside the frame with its rounded corners, which would cut them off.
  tooltips({ position: "fixed" }),
  // Tab is not among them: it leaves the editor, as it leaves every other field.
  keymap.of([
    ...closeBracketsKeymap,
    ...completionKeymap,
    ...problemKeys,
    ...defaultKeymap,
    ...searchKeymap,
    ...historyKeymap,
  ]),
  editorTheme,
];

export const asDiagnostics = (doc: Text, problems: readonly PolicyProblem[]): Diagnostic[] =>
  problems
    .map((problem) => ({
      ...wordAt(doc, problem.place),
      severity: problem.severity,
      message: `${problem.message} ${problem.remedy}`,
      source: problem.code,
    }))
    .sort((a, b) => a.from - b.from);

"use client";
import { setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView } from "@codemirror/view";
import type { PolicyProblem } from "@creel/policy/browser";
import { type Ref, useEffect, useImperativeHandle, useRef } from "react";
import { asDiagnostics, editorExtensions } from "./extensions.ts";
import { offsetOf } from "./place.ts";

export interface CodeEditorHandle {
  goTo: (place: { line: number; column: number }) => void;
  /** What stands there now, also where the page has not been told yet. */
  text: () => string;
}

export interface CodeEditorProps {
  value: string;
  onChange: (text: string) => void;
  problems: readonly PolicyProblem[];
  readOnly: boolean;
  label: string;
  describedBy: string;
  ref?: Ref<CodeEditorHandle>;
}

/** Up to this length the page hears of every key at once; above it a pause is waited for, because each report copies the text. */
const EAGER_CHARS_MAX = 64 * 1024;
const PAUSE_MS = 200;

const attributes = (given: { label: string; describedBy: string; readOnly: boolean }): Extension => [
  EditorState.readOnly.of(given.readOnly),
  EditorView.contentAttributes.of({
    "aria-label": given.label,
    "aria-describedby": given.describedBy,
    "aria-readonly": String(given.readOnly),
    // It can be focused anyway; said outright for those who check that what scrolls can be reached by keyboard.
    tabindex: "0",
    autocapitalize: "off",
    spellcheck: "false",
  }),
];

/** The text in CodeMirror; the page holds its value and its problems. */
const CodeEditor = ({ ref, ...props }: CodeEditorProps) => {
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const told = useRef(props.value);
  const onChange = useRef(props.onChange);
  useEffect(() => {
    onChange.current = props.onChange;
  });
  const manner = useRef(new Compartment());
  const { value, problems, label, describedBy, readOnly } = props;

  // biome-ignore lint/correctness/useExhaustiveDependencies: made once; later values arrive by the effects below.
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const tell = (editor: EditorView) => {
      clearTimeout(timer);
      const text = editor.state.doc.toString();
      if (text === told.current) return;
      told.current = text;
      onChange.current(text);
    };
    const report = EditorView.updateListener.of(({ docChanged, focusChanged, view: editor, state }) => {
      if (focusChanged && !editor.hasFocus) tell(editor);
      if (!docChanged) return;
      clearTimeout(timer);
      if (state.doc.length <= EAGER_CHARS_MAX) tell(editor);
      else timer = setTimeout(() => tell(editor), PAUSE_MS);
    });
    const editor = new EditorView({
      doc: told.current,
      extensions: [editorExtensions, report, manner.current.of(attributes({ label, describedBy, readOnly }))],
      ...(host.current ? { parent: host.current } : {}),
    });
    view.current = editor;
    return () => {
      clearTimeout(timer);
      view.current = null;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    view.current?.dispatch({ effects: manner.current.reconfigure(attributes({ label, describedBy, readOnly })) });
  }, [label, describedBy, readOnly]);

  // A text that did not come from here: another version, or an edit by a button.
  useEffect(() => {
    const editor = view.current;
    if (editor === null || value === told.current) return;
    told.current = value;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    const editor = view.current;
    if (editor !== null) editor.dispatch(setDiagnostics(editor.state, asDiagnostics(editor.state.doc, problems)));
  }, [problems]);

  useImperativeHandle(ref, () => ({
    text: () => view.current?.state.doc.toString() ?? told.current,
    goTo: (place) => {
      const editor = view.current;
      if (editor === null) return;
      const anchor = offsetOf(editor.state.doc, place);
      editor.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
      editor.focus();
    },
  }));

  return <div ref={host} className="h-full min-w-0" />;
};
export default CodeEditor;

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";
import { bracketMatching, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { Files } from "../protocol.ts";
import { completeNames } from "./complete_names.ts";

/** What the editor tells. */
export interface EditorEvents {
  /** The user has changed a file. */
  changed(file: keyof Files, text: string): void;
  /** The user wants the program to run. */
  run(): void;
}

/** An editor for the files of a program, one of which is shown. */
export class ProgramEditor {
  readonly #view: EditorView;
  readonly #states = new Map<keyof Files, EditorState>();
  readonly #events: EditorEvents;
  #file: keyof Files = "query";
  #isSetting = false;

  /**
   * @param parent the element that it is put into
   * @param events what it tells
   */
  constructor(parent: HTMLElement, events: EditorEvents) {
    this.#events = events;
    this.#view = new EditorView({ parent });
  }

  /** Shows a file, and takes texts that were changed elsewhere. */
  show(file: keyof Files, files: Files): void {
    this.#states.set(this.#file, this.#view.state);
    this.#isSetting = true;
    const known = this.#states.get(file);
    if (file !== this.#file || known === undefined || known.doc.toString() !== files[file]) {
      this.#file = file;
      const state = known?.doc.toString() === files[file] ? known : this.#create(file, files[file]);
      this.#view.setState(state);
    }
    this.#isSetting = false;
  }

  /** Marks a place in the file that is shown, or none. */
  mark(place: { readonly line: number; readonly column: number; readonly text: string } | undefined): void {
    const diagnostics: Diagnostic[] = [];
    const { doc } = this.#view.state;
    if (place !== undefined && place.line <= doc.lines) {
      const line = doc.line(place.line);
      const from = Math.min(line.from + Math.max(place.column - 1, 0), line.to);
      diagnostics.push({ from, to: line.to, severity: "error", message: place.text });
    }
    this.#view.dispatch(setDiagnostics(this.#view.state, diagnostics));
  }

  #create(file: keyof Files, text: string): EditorState {
    return EditorState.create({ doc: text, extensions: [...this.#extensions(file), extensions] });
  }

  #extensions(file: keyof Files): readonly Extension[] {
    return [
      keymap.of([{
        key: "Mod-Enter",
        preventDefault: true,
        run: () => {
          this.#events.run();
          return true;
        },
      }]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged && !this.#isSetting) {
          this.#events.changed(file, update.state.doc.toString());
        }
      }),
      EditorView.contentAttributes.of({ "aria-label": `${file}.ts` }),
    ];
  }
}

const extensions: Extension = [
  lineNumbers(),
  history(),
  drawSelection(),
  indentOnInput(),
  bracketMatching(),
  closeBrackets(),
  highlightActiveLine(),
  lintGutter(),
  EditorView.lineWrapping,
  javascript({ typescript: true }),
  javascriptLanguage.data.of({ autocomplete: completeNames }),
  autocompletion(),
  syntaxHighlighting(classHighlighter),
  // Tab moves the focus, as everywhere else on the page.
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
];

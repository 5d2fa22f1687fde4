import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript, javascriptLanguage } from "@codemirror/lang-javascript";
import {
  bracketMatching,
  ensureSyntaxTree,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { type Diagnostic, lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState, type Extension } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";
import type { Files } from "../protocol.ts";
import { completeNames } from "./complete_names.ts";

/** How long a file may be parsed to find an error, in ms. */
const PARSE_LIMIT = 100;

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

  /** Marks the first place where the syntax of the shown file is wrong, or none. */
  markError(message: string | undefined): void {
    const { state } = this.#view;
    const diagnostics: Diagnostic[] = [];
    if (message !== undefined) {
      let from: number | undefined;
      ensureSyntaxTree(state, state.doc.length, PARSE_LIMIT)?.iterate({
        enter: (node) => {
          if (node.type.isError) from ??= node.from;
        },
      });
      if (from !== undefined) {
        const { to } = state.doc.lineAt(from);
        diagnostics.push({ from, to, severity: "error", message });
      }
    }
    this.#view.dispatch(setDiagnostics(state, diagnostics));
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
      EditorView.contentAttributes.of({ "aria-label": `${file}.ts`, tabindex: "0" }),
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

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import {
  bracketMatching,
  ensureSyntaxTree,
  indentOnInput,
  syntaxHighlighting,
} from "@codemirror/language";
import { lintGutter } from "@codemirror/lint";
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
import { completeTypes, lookAgain, startTypes, typesOf } from "./types_extension.ts";

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

  /** Looks for errors again: a run has ended. */
  lookAgain(): void {
    lookAgain(this.#view);
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
      autocompletion({ override: [(context) => completeTypes(file, context)] }),
      typesOf(file),
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
  startTypes,
  syntaxHighlighting(classHighlighter),
  // Tab moves the focus, as everywhere else on the page.
  keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
];

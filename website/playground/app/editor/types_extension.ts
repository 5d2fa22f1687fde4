import type { CompletionContext, CompletionResult } from "@codemirror/autocomplete";
import { ensureSyntaxTree } from "@codemirror/language";
import { type Diagnostic, linter } from "@codemirror/lint";
import { type Extension, StateEffect } from "@codemirror/state";
import { EditorView, hoverTooltip } from "@codemirror/view";
import type { Files } from "../protocol.ts";
import { files, shown } from "../state/playground.ts";
import { TypesClient } from "../types/types_client.ts";

const client = new TypesClient();
/** How long a file may be parsed to find an error, in ms. */
const PARSE_LIMIT = 100;
const again = StateEffect.define<null>();

/** Has a file looked at again, since something else than its text has changed. */
export function lookAgain(view: EditorView): void {
  view.dispatch({ effects: again.of(null) });
}

/** Loads TypeScript once the editor is used. */
export const startTypes: Extension = EditorView.domEventHandlers({
  focus: (_, view) => {
    if (!client.isStarted) {
      client.start();
      lookAgain(view);
    }
  },
});

/** Marks what TypeScript finds wrong with a file, and tells the type of what is pointed at. */
export function typesOf(file: keyof Files): Extension {
  return [
    linter((view) => errorsOf(file, view), {
      delay: 500,
      needsRefresh: ({ transactions }) =>
        transactions.some(({ effects }) => effects.some((effect) => effect.is(again))),
    }),
    hoverTooltip(async (view, at) => {
      const { notes } = await client.ask(files.peek(), { kind: "hover", file, at });
      const [note] = notes;
      if (note === undefined || note.to > view.state.doc.length) return null;
      return {
        pos: note.from,
        end: note.to,
        above: true,
        create: () => {
          const dom = document.createElement("div");
          dom.className = "type-tooltip";
          dom.textContent = note.text;
          return { dom };
        },
      };
    }),
  ];
}

async function errorsOf(file: keyof Files, view: EditorView): Promise<readonly Diagnostic[]> {
  const { notes } = await client.ask(files.peek(), { kind: "errors", file });
  const { length } = view.state.doc;
  const found = notes.filter(({ to }) => to <= length).map(({ from, to, text }) => ({
    from,
    to,
    severity: "error" as const,
    message: text,
  }));
  return found.length > 0 ? found : syntaxErrorsOf(file, view);
}

/** Marks where the program could not be read: its compiler does not tell where. */
function syntaxErrorsOf(file: keyof Files, { state }: EditorView): readonly Diagnostic[] {
  const result = shown.peek();
  if (result?.kind !== "failed" || result.failure.file !== file) return [];
  let from: number | undefined;
  ensureSyntaxTree(state, state.doc.length, PARSE_LIMIT)?.iterate({
    enter: (node) => {
      if (node.type.isError) from ??= node.from;
    },
  });
  if (from === undefined) return [];
  const { to } = state.doc.lineAt(from);
  return [{ from, to, severity: "error", message: result.failure.error.message }];
}

/** Completes what TypeScript knows of a place. */
export async function completeTypes(
  file: keyof Files,
  context: CompletionContext,
): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[\w$]*$/);
  const before = context.state.sliceDoc(Math.max(0, context.pos - 1), context.pos);
  if (!context.explicit && word?.from === context.pos && !/[."'\s]/.test(before)) return null;
  if (!context.explicit && /\s/.test(before)) return null;
  const { completions } = await client.ask(files.peek(), {
    kind: "completions",
    file,
    at: context.pos,
  });
  if (completions.length === 0) return null;
  // Names in strings have dots: what is replaced goes back to the quote.
  const quoted = context.matchBefore(/["'][^"']*$/);
  const isNames = quoted !== null && completions.some(({ type }) => type === "string");
  return {
    from: isNames ? quoted.from + 1 : word?.from ?? context.pos,
    options: completions.map(({ label, type, order }) => ({
      label,
      type: KINDS[type] ?? "variable",
      boost: -Number.parseInt(order, 10) || 0,
    })),
    validFor: isNames ? /^[\w. ]*$/ : /^[\w$]*$/,
  };
}

/** The icons of the editor for what TypeScript calls otherwise. */
const KINDS: Readonly<Record<string, string>> = {
  method: "method",
  function: "function",
  property: "property",
  const: "constant",
  class: "class",
  interface: "interface",
  type: "type",
  string: "text",
  keyword: "keyword",
  module: "namespace",
};

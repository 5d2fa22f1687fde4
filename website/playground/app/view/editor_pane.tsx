import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { ProgramEditor } from "../editor/create_editor.ts";
import type { Files } from "../protocol.ts";
import {
  activity,
  attempt,
  chooseAttempt,
  edit,
  file,
  FILES,
  files,
  isForeign,
  run,
  shown,
} from "../state/playground.ts";
import { attempts } from "../state/presets.ts";

const WHAT: Readonly<Record<keyof Files, string>> = {
  query: "Query",
  plugins: "Policies and plugins",
  schema: "Schema",
};

/** The files of the program. */
export function EditorPane(): JSX.Element {
  return (
    <section class="pane editor-pane" aria-label="Program">
      <div class="bar">
        <Tabs />
        <button
          type="button"
          class="run"
          onClick={() => void run()}
          title="Run (Ctrl or Cmd and Enter)"
        >
          {activity.value === "idle" ? "Run" : "Running"}
        </button>
      </div>
      {isForeign.value && (
        <p class="notice" role="status">
          This program came with a link. Read it, then run it.
        </p>
      )}
      <Editor />
      <Attempts />
    </section>
  );
}

function Tabs(): JSX.Element {
  const move = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step === undefined) return;
    const at = (FILES.indexOf(file.value) + step + FILES.length) % FILES.length;
    file.value = FILES[at]!;
    document.getElementById(`tab-${file.value}`)?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label="Files" onKeyDown={move}>
      {FILES.map((name) => (
        <button
          key={name}
          id={`tab-${name}`}
          type="button"
          role="tab"
          aria-selected={file.value === name}
          aria-controls="editor"
          tabIndex={file.value === name ? 0 : -1}
          onClick={() => file.value = name}
        >
          {WHAT[name]}
        </button>
      ))}
    </div>
  );
}

function Editor(): JSX.Element {
  const parent = useRef<HTMLDivElement>(null);
  const editor = useRef<ProgramEditor>(undefined);
  useEffect(() => {
    editor.current = new ProgramEditor(parent.current!, { changed: edit, run: () => void run() });
    editor.current.show(file.peek(), files.peek());
  }, []);
  useSignalEffect(() => {
    editor.current?.show(file.value, files.value);
  });
  useSignalEffect(() => {
    if (shown.value !== undefined) editor.current?.lookAgain();
  });
  return (
    <div
      id="editor"
      class="editor"
      role="tabpanel"
      aria-labelledby={`tab-${file.value}`}
      ref={parent}
    />
  );
}

function Attempts(): JSX.Element {
  const chosen = attempts.find(({ id }) => id === attempt.value);
  const choose = (id: string) => {
    const next = attempts.find((each) => each.id === id);
    if (next !== undefined) chooseAttempt(next);
  };
  return (
    <div class="attempts">
      <label class="field">
        <span>Try to break it</span>
        <select value={attempt.value ?? ""} onChange={(e) => choose(e.currentTarget.value)}>
          <option value="">Choose an attempt ..</option>
          {attempts.map(({ id, row, title }) => (
            <option key={id} value={id}>{row === undefined ? title : `${row}. ${title}`}</option>
          ))}
        </select>
      </label>
      <p>
        {chosen?.row === undefined
          ? "Queries that have slipped past some policy layer. "
          : `Row ${chosen.row} of the bypass corpus. `}
        <a href="../security/bypass">All of them, on every database</a>
      </p>
    </div>
  );
}

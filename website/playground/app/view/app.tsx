import type { JSX } from "preact";
import { EditorPane } from "./editor_pane.tsx";
import { Header } from "./header.tsx";
import { ResultPane } from "./result_pane.tsx";

/** The page. */
export function App(): JSX.Element {
  return (
    <>
      <Header />
      <main>
        <EditorPane />
        <ResultPane />
      </main>
    </>
  );
}

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import type { EngineName } from "../protocol.ts";
import { chooseEngine, choosePreset, engine, link, preset } from "../state/playground.ts";
import { presets } from "../state/presets.ts";
import { isDark, toggleTheme } from "../state/theme.ts";

const ENGINES: readonly { readonly name: EngineName; readonly title: string }[] = [
  { name: "sqlite", title: "SQLite" },
  { name: "postgres", title: "PostgreSQL (loads 15 MB)" },
];

/** What is run, where, and how it is shared. */
export function Header(): JSX.Element {
  return (
    <header>
      <a class="brand" href="../">
        <img src="./icon.svg" alt="" width="28" height="28" />
        <span>Kysera</span>
      </a>
      <h1>Playground</h1>
      <label class="field">
        <span>Example</span>
        <select value={preset} onChange={({ currentTarget }) => choosePreset(currentTarget.value)}>
          {presets.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
        </select>
      </label>
      <label class="field">
        <span>Database</span>
        <select
          id="engine"
          value={engine}
          onChange={({ currentTarget }) => chooseEngine(currentTarget.value as EngineName)}
        >
          {ENGINES.map(({ name, title }) => <option key={name} value={name}>{title}</option>)}
        </select>
      </label>
      <div class="actions">
        <Share />
        <button
          type="button"
          class="quiet"
          aria-label={isDark.value ? "Use light colors" : "Use dark colors"}
          onClick={toggleTheme}
        >
          {isDark.value ? "☀" : "☾"}
        </button>
      </div>
    </header>
  );
}

/** Copies a link; where that is forbidden the link is in the address. */
function Share(): JSX.Element {
  const said = useSignal("");
  const share = async () => {
    const address = await link();
    history.replaceState(null, "", address);
    try {
      await navigator.clipboard.writeText(address);
      said.value = "Link copied";
    } catch {
      said.value = "The link is in the address bar";
    }
    setTimeout(() => said.value = "", 4_000);
  };
  return (
    <>
      <span class="said" role="status">{said}</span>
      <button type="button" class="quiet" onClick={() => void share()}>Share</button>
    </>
  );
}

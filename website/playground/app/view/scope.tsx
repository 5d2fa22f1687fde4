import type { JSX } from "preact";
import {
  choosePrincipal,
  outcome,
  principal,
  principals,
  togglePlugin,
} from "../state/playground.ts";
import { pluginClass, shortName } from "../state/plugin_names.ts";

/** Who runs the program, and through which plugins. */
export function Scope(): JSX.Element {
  const names = principals.value;
  const chosen = outcome.value?.principal ?? principal.value;
  return (
    <div class="scope">
      <label class="field">
        <span>Run as</span>
        <select
          id="principal"
          value={chosen ?? ""}
          disabled={names.length === 0}
          onChange={({ currentTarget }) => choosePrincipal(currentTarget.value)}
        >
          {names.map((name) => <option key={name} value={name}>{name}</option>)}
        </select>
      </label>
      <Plugins />
      <Context />
    </div>
  );
}

function Plugins(): JSX.Element | null {
  const plugins = outcome.value?.plugins ?? [];
  if (plugins.length === 0) return null;
  return (
    <fieldset class="plugins">
      <legend>Plugins</legend>
      {plugins.map(({ name, isOn }) => (
        <label key={name} class={`chip ${pluginClass(name)}`}>
          <input
            type="checkbox"
            checked={isOn}
            onChange={() => togglePlugin(name)}
            data-plugin={shortName(name)}
          />
          {shortName(name)}
        </label>
      ))}
    </fieldset>
  );
}

function Context(): JSX.Element | null {
  const done = outcome.value;
  if (done === undefined) return null;
  return (
    <details class="context">
      <summary>Context</summary>
      <pre tabIndex={0}>{done.context ?? "No context is bound to the executor."}</pre>
    </details>
  );
}

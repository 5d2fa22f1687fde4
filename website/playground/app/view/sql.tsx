import type { JSX } from "preact";
import type { Cell } from "../../runtime/run/shown.ts";
import type { AttributedToken } from "../../runtime/sql/attribute.ts";
import { linesOf } from "../../runtime/sql/lines.ts";
import { pluginClass, shortName } from "../state/plugin_names.ts";

interface SqlProps {
  /** What it is, for those who do not see it. */
  readonly label: string;
  readonly tokens: readonly AttributedToken[];
  /** What a token with a plugin is. */
  readonly change: "added" | "removed";
  /** The values of the parameters, which are shown behind them. */
  readonly parameters?: readonly Cell[];
}

/** SQL over several lines, with what plugins added or removed marked. */
export function Sql({ label, tokens, change, parameters = [] }: SqlProps): JSX.Element {
  let next = 0;
  const valueOf = ({ text }: AttributedToken): string | undefined => {
    const at = text === "?" ? next++ : Number(text.slice(1)) - 1;
    return parameters[at]?.text;
  };
  return (
    <pre class="sql" tabIndex={0} role="region" aria-label={label}>
      {linesOf(tokens).map(({ level, tokens: line }, i) => (
        <div key={i} class="line" style={{ paddingLeft: `${level * 1.25 + 1.25}rem` }}>
          {groupsOf(line).map(({ plugin, tokens: group }, j) => (
            <Group
              key={j}
              plugin={plugin}
              change={change}
              spaced={j > 0 && group[0]!.spaced}
              texts={group.map((token, k) => (
                <Token
                  key={k}
                  token={token}
                  spaced={k > 0 && token.spaced}
                  value={token.kind === "parameter" ? valueOf(token) : undefined}
                />
              ))}
            />
          ))}
        </div>
      ))}
    </pre>
  );
}

function Group(
  { plugin, change, spaced, texts }: {
    readonly plugin: string | undefined;
    readonly change: "added" | "removed";
    readonly spaced: boolean;
    readonly texts: readonly JSX.Element[];
  },
): JSX.Element {
  const Tag = change === "added" ? "ins" : "del";
  return (
    <>
      {spaced && " "}
      {plugin === undefined ? texts : (
        <Tag
          class={pluginClass(plugin)}
          title={`${change} by ${shortName(plugin)}`}
          data-plugin={shortName(plugin)}
        >
          {texts}
        </Tag>
      )}
    </>
  );
}

function Token(
  { token, spaced, value }: {
    readonly token: AttributedToken;
    readonly spaced: boolean;
    readonly value: string | undefined;
  },
): JSX.Element {
  return (
    <>
      {spaced && " "}
      <span class={`sql-${token.kind}`}>{token.text}</span>
      {value !== undefined && <span class="sql-value">{shortened(value)}</span>}
    </>
  );
}

function shortened(text: string): string {
  return text.length > 24 ? `${text.slice(0, 22)}..` : text;
}

/** Puts neighbors of one plugin together. */
function groupsOf(
  tokens: readonly AttributedToken[],
): { readonly plugin: string | undefined; readonly tokens: AttributedToken[] }[] {
  const groups: { plugin: string | undefined; tokens: AttributedToken[] }[] = [];
  for (const token of tokens) {
    const last = groups.at(-1);
    if (last !== undefined && last.plugin === token.plugin) last.tokens.push(token);
    else groups.push({ plugin: token.plugin, tokens: [token] });
  }
  return groups;
}

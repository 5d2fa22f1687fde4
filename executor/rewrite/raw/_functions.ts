import type { OperationNode, ValueNode } from "kysely";
import type { DialectTraits } from "../../dialect/mod.ts";
import { RAW_TRAITS } from "../../dialect/raw.ts";
import { partsOfName } from "../../tree/_function_name.ts";
import { isNameNode, isWord, nameOf, type Token } from "../../tree/_raw_text.ts";
import { tableOfName } from "../../tree/_table_name.ts";
import type { Pass } from "../_pass.ts";
import { problemOfSetting } from "./_settings.ts";

/** Functions that give rows of their arguments, and read no table. */
const TABLE_FUNCTIONS: ReadonlySet<string> = new Set([
  "generate_series",
  "generate_subscripts",
  "json_array_elements",
  "json_array_elements_text",
  "json_each",
  "json_each_text",
  "json_object_keys",
  "json_populate_record",
  "json_populate_recordset",
  "json_table",
  "json_to_record",
  "json_to_recordset",
  "json_tree",
  "jsonb_array_elements",
  "jsonb_array_elements_text",
  "jsonb_each",
  "jsonb_each_text",
  "jsonb_object_keys",
  "jsonb_path_query",
  "jsonb_path_query_tz",
  "jsonb_populate_record",
  "jsonb_populate_recordset",
  "jsonb_to_record",
  "jsonb_to_recordset",
  "openjson",
  "regexp_matches",
  "regexp_split_to_table",
  "string_split",
  "string_to_table",
  "unnest",
  "xmltable",
]);

/** What is wrong with the name of a function, as the builder's `fn` takes it. */
export function problemOfFunction(name: string, { rules }: Pass): string | undefined {
  const parts = partsOfName(name, rules.traits);
  if (parts === undefined) {
    return `"${String(name)}" is called as a function, and is more than a name`;
  }
  return problemOfCall(parts, rules.traits);
}

/** What is wrong with calling the function of a name, whose parts may have been quoted. */
export function problemOfCall(
  parts: readonly string[],
  traits: DialectTraits,
): string | undefined {
  const name = parts.at(-1)!;
  return RAW_TRAITS[traits.name].readers.test(name.toLowerCase())
    ? `"${name}" is called, which reads tables or files by name, or runs SQL`
    : undefined;
}

/** What is wrong with the arguments of a call in a builder's query. */
export function problemOfArguments(
  name: string,
  args: readonly OperationNode[],
  { rules: { traits } }: Pass,
): string | undefined {
  const called = partsOfName(name, traits)?.at(-1);
  return called !== undefined && changesSetting(called, traits)
    ? problemOfSetting(valueOf(args[0]), traits)
    : undefined;
}

/** Returns true for the name of the function that changes a setting of the session. */
export function changesSetting(name: string, traits: DialectTraits): boolean {
  const { settingFunction } = RAW_TRAITS[traits.name];
  return settingFunction !== undefined && name.toLowerCase() === settingFunction;
}

/** What is wrong with what stands behind the bracket of a call that changes a setting. */
export function problemOfSettingCall(
  [first, comma]: readonly Token[],
  traits: DialectTraits,
): string | undefined {
  const name = first?.kind === "literal" && first.text.startsWith("'")
    ? first.text.slice(1, -1)
    : valueOf(first?.node);
  return problemOfSetting(comma?.text === "," ? name : undefined, traits);
}

function valueOf(node: OperationNode | undefined): unknown {
  return node?.kind === "ValueNode" ? (node as ValueNode).value : undefined;
}

/**
 * Returns the name before a bracket, in parts; `undefined` where nothing is called.
 *
 * @param at the place of the bracket
 */
export function calledName(
  tokens: readonly Token[],
  at: number,
  traits: DialectTraits,
): readonly string[] | undefined {
  const token = tokens[at - 1];
  if (token?.kind === "word" || token?.kind === "name") return [nameOf(token, traits)];
  if (token?.node === undefined || !isNameNode(token.node)) return undefined;
  const table = tableOfName(token.node, traits);
  return table === undefined ? undefined : [table.table.identifier.name];
}

/**
 * Returns where a call of a function that reads no table ends, which stands where a table is named.
 *
 * @param at where it begins
 * @param close where each bracket closes
 * @returns the place after it, or what is wrong; `undefined` where there is no call
 */
export function endOfTableFunction(
  tokens: readonly Token[],
  at: number,
  close: (open: number) => number,
  pass: Pass,
): number | string | undefined {
  const parts: string[] = [];
  let i = at;
  for (;; i += 2) {
    const token = tokens[i];
    if (token?.kind !== "word" && token?.kind !== "name") return undefined;
    parts.push(nameOf(token, pass.rules.traits));
    if (tokens[i + 1]?.text !== ".") break;
  }
  if (tokens[i + 1]?.text !== "(") return undefined;
  const problem = problemOfTableFunction(parts, pass);
  if (problem !== undefined) return problem;
  const end = close(i + 1) + 1;
  return isWord(tokens[end], "with") && isWord(tokens[end + 1], "ordinality") ? end + 2 : end;
}

/** What is wrong with a function that stands where a table is named. */
export function problemOfTableFunction(
  parts: readonly string[],
  { rules: { traits, tableFunctions } }: Pass,
): string | undefined {
  const { systemSchema, catalogFunctions } = RAW_TRAITS[traits.name];
  const name = parts.join(".");
  const isSystem = parts.length === 2 && parts[0] === systemSchema;
  // Where letter case counts, "UNNEST" in quotes is another function than unnest.
  const own = traits.identifiers.foldCase(isSystem ? parts[1]! : name);
  if (TABLE_FUNCTIONS.has(own) || tableFunctions.has(name.toLowerCase())) return undefined;
  if (catalogFunctions?.test(own)) return undefined;
  return `function "${name}" stands where a table is named, and may read any; name it in the ` +
    `option "tableFunctions" if it reads no guarded table`;
}

import type {
  AliasNode,
  ColumnNode,
  IdentifierNode,
  OperationNode,
  ParensNode,
  ReferenceNode,
  ValueNode,
} from "kysely";
import type { DialectTraits } from "../../dialect/mod.ts";
import { RAW_TRAITS } from "../../dialect/raw.ts";
import { isColumnName, isReferenceName } from "../../tree/_name_nodes.ts";
import type { FlatText } from "../../tree/_raw_text.ts";
import type { Rules } from "../rules.ts";

/** Programs may write values into their texts: bounds keep them from piling up. */
const MOST_TEXTS = 1_000;
const LONGEST_TEXT = 4_000;

/** Texts that have passed, by what else decides: the dialect, and the functions that are known. */
const texts = new WeakMap<DialectTraits, WeakMap<ReadonlySet<string>, Texts>>();

/** Texts of fragments, by their keys. */
class Texts {
  readonly #keys = new Set<string>();

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  add(key: string): void {
    if (this.#keys.size >= MOST_TEXTS) this.#keys.clear();
    this.#keys.add(key);
  }
}

/** Returns the texts that have passed under the rules of an executor. */
export function passedTexts({ traits, tableFunctions }: Rules): Texts {
  let ofDialect = texts.get(traits);
  if (ofDialect === undefined) texts.set(traits, ofDialect = new WeakMap());
  let passed = ofDialect.get(tableFunctions);
  if (passed === undefined) ofDialect.set(tableFunctions, passed = new Texts());
  return passed;
}

/**
 * Returns all that decides whether a fragment passes: its text, where the fragments in it begin and
 * end, and of the nodes between them what is looked at.
 *
 * | node                   | what is looked at                                        |
 * | ---------------------- | -------------------------------------------------------- |
 * | an alias, brackets     | what stands in them                                      |
 * | a value                | whether it is written out                                |
 * | a column, a name       | the name: a bracket behind it would call it              |
 * | a table                | whether it is guarded, which may change: it is not kept  |
 * | any other              | its kind                                                 |
 *
 * @returns `undefined` where the verdict is not to be kept
 */
export function keyOfVerdict(
  { text, nodes, bounds }: FlatText,
  traits: DialectTraits,
): string | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const { settingFunction } = RAW_TRAITS[traits.name];
  let key = `${text.length}:${text}`;
  for (const { at, begins } of bounds) key += begins ? `(${at}` : `)${at}`;
  for (const node of nodes) {
    const looked = lookedAt(node);
    if (looked === undefined) return undefined;
    key += `|${looked}`;
  }
  // Whether a setting may be changed is said by a value.
  const maySet = settingFunction !== undefined && key.toLowerCase().includes(settingFunction);
  return maySet ? undefined : key;
}

function lookedAt(node: OperationNode): string | undefined {
  switch (node.kind) {
    case "AliasNode":
    case "ParensNode": {
      const inner = lookedAt((node as AliasNode | ParensNode).node);
      return inner === undefined ? undefined : `${node.kind}(${inner})`;
    }
    case "ValueNode":
      return (node as ValueNode).immediate === true ? "written" : "value";
    case "ReferenceNode":
      return isReferenceName(node as ReferenceNode)
        ? nameOfReference(node as ReferenceNode)
        : undefined;
    case "ColumnNode":
      return isColumnName(node)
        ? `column${JSON.stringify((node as ColumnNode).column.name)}`
        : undefined;
    case "IdentifierNode": {
      const name: unknown = (node as IdentifierNode).name;
      return typeof name === "string" ? `name${JSON.stringify(name)}` : undefined;
    }
    case "SchemableIdentifierNode":
    case "TableNode":
    case "RawNode":
      return undefined;
    default:
      return node.kind;
  }
}

function nameOfReference({ column, table }: ReferenceNode): string | undefined {
  if (column.kind !== "ColumnNode") return undefined;
  const { schema, identifier } = table?.table ?? {};
  const { name } = (column as ColumnNode).column;
  return `reference${JSON.stringify([schema?.name, identifier?.name, name])}`;
}

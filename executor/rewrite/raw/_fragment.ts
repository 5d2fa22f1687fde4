import type { AliasNode, OperationNode, ParensNode, RawNode, TableNode, ValueNode } from "kysely";
import type { DialectTraits, RawTraits } from "../../dialect/mod.ts";
import { RAW_TRAITS } from "../../dialect/raw.ts";
import { isSchemableName } from "../../tree/_name_nodes.ts";
import {
  flatten,
  isNameNode,
  isWord,
  readFlatText,
  readText,
  type Token,
} from "../../tree/_raw_text.ts";
import type { Pass } from "../_pass.ts";
import {
  calledName,
  changesSetting,
  endOfTableFunction,
  problemOfCall,
  problemOfSettingCall,
} from "./_functions.ts";
import { keyOfVerdict, passedTexts } from "./_passed_texts.ts";

/** Words that change rows, or name a table, wherever they stand. */
const NAMING: ReadonlySet<string> = new Set([
  "delete",
  "into",
  "lateral",
  "merge",
  "opendatasource",
  "openquery",
  "openrowset",
  "openxml",
  "table",
  "tablesample",
  "update",
]);

/** Words that begin a statement; elsewhere they are names. */
const BEGINNING: ReadonlySet<string> = new Set([
  "call",
  "copy",
  "exec",
  "execute",
  "handler",
  "truncate",
]);

/** Functions in whose brackets FROM is a preposition. */
const FROM_FUNCTIONS: ReadonlySet<string> = new Set([
  "extract",
  "mid",
  "overlay",
  "substr",
  "substring",
  "trim",
]);

/** Words that an operand has before or behind it, and so no statement begins before them. */
const OPERATORS: ReadonlySet<string> = new Set([
  "and",
  "as",
  "asc",
  "at",
  "between",
  "collate",
  "desc",
  "else",
  "end",
  "ilike",
  "in",
  "is",
  "like",
  "not",
  "or",
  "similar",
  "then",
  "when",
]);

/** What is wrong with a fragment, or with a query of its own: see {@linkcode problemOfFragment}. */
type Extent = "fragment" | "query";

/**
 * What is wrong with raw SQL that stands in a query, under `rawSql: "deny"`: anything by which it
 * could name a table, call what reads one, or leave the place it was put in. When in doubt, there is.
 *
 * | text                                        | is let through                                   |
 * | ------------------------------------------- | ------------------------------------------------ |
 * | an expression                               | where its text can be read for sure              |
 * | SELECT, VALUES, WITH                        | in brackets                                      |
 * | FROM, JOIN                                  | of what names no table: see below                |
 * | FROM in `extract(..)` and its like          | as a preposition                                 |
 * | a call                                      | unless the function reads tables, files or SQL   |
 * | `x in t` on SQLite                          | no: a name there is that of a table              |
 * | other words that name tables or change rows | no                                               |
 *
 * | behind FROM, JOIN, or a comma in FROM       | names no table                                   |
 * | ------------------------------------------- | ------------------------------------------------ |
 * | `(select ..)`, `(values ..)`, `(with ..)`   | as such; what is in it is read by these rules    |
 * | a query of the builder                      | as such: it is rewritten                         |
 * | a common table expression of the same text  | behind its own definition, and unqualified       |
 * | a call of a function that reads no table    | `unnest(..)`, `json_each(..)`, ..                |
 */
export function problemOfFragment(raw: RawNode, pass: Pass): string | undefined {
  const flat = flatten(raw);
  const key = keyOfVerdict(flat, pass.rules.traits);
  const passed = key === undefined ? undefined : passedTexts(pass.rules);
  if (passed?.has(key!)) return undefined;
  const { tokens, problem } = readFlatText(flat, pass.rules.traits);
  if (tokens === undefined) return problem;
  // What Kysely writes for an action of MERGE.
  if (tokens.length === 1 && tokens[0]!.text === "delete") return undefined;
  const found = problemOfTokens(tokens, "fragment", pass);
  if (found === undefined) passed?.add(key!);
  return found;
}

/** What is wrong with tokens, as {@linkcode problemOfFragment} says. */
export function problemOfTokens(
  tokens: readonly Token[],
  extent: Extent,
  pass: Pass,
): string | undefined {
  return new FragmentReader(tokens, extent, pass).problem();
}

/**
 * Returns true if the text of a row source names no table: a query in brackets, or a call of a
 * function that reads none; what stands in it is read as a fragment.
 */
export function problemOfSource(raw: RawNode, pass: Pass): string | undefined {
  const { tokens, problem } = readText(raw, pass.rules.traits);
  if (tokens === undefined) return problem;
  const end = new FragmentReader(tokens, "fragment", pass).endOfSource(0);
  if (typeof end === "string") return end;
  return end === tokens.length ? undefined : NAMED;
}

const NAMED = "a raw fragment stands where a table is named";
const READS = "a raw fragment names a table";

/** The place where each bracket closes: readText() has seen that each does. */
function closingBrackets(tokens: readonly Token[]): ReadonlyMap<number, number> {
  const closes = new Map<number, number>();
  const open: number[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!;
    if (kind !== "sign") continue;
    if (text === "(") open.push(i);
    else if (text === ")") closes.set(open.pop()!, i);
  }
  return closes;
}

/** What stands between two brackets. */
interface Frame {
  /** Where it begins, and ends. */
  readonly start: number;
  readonly end: number;
  /** The word before the bracket. */
  readonly opener: string;
  selects: boolean;
  /** Whether a comma here goes on with FROM. */
  inFrom: boolean;
}

/** A common table expression that the text defines. */
interface Definition {
  readonly name: string;
  /** Where its body ends: behind it, its name is its own. */
  readonly body: number;
  /** Where the query that it belongs to ends. */
  readonly end: number;
}

class FragmentReader {
  readonly #tokens: readonly Token[];
  readonly #closes: ReadonlyMap<number, number>;
  readonly #isFragment: boolean;
  readonly #pass: Pass;
  readonly #traits: DialectTraits;
  readonly #raw: RawTraits;
  readonly #definitions: Definition[] = [];
  /** Words that are aliases, and mean nothing else. */
  readonly #aliases = new Set<number>();
  readonly #frames: Frame[];

  constructor(tokens: readonly Token[], extent: Extent, pass: Pass) {
    this.#tokens = tokens;
    this.#closes = closingBrackets(tokens);
    this.#isFragment = extent === "fragment";
    this.#pass = pass;
    this.#traits = pass.rules.traits;
    this.#raw = RAW_TRAITS[pass.rules.traits.name];
    this.#frames = [
      { start: 0, end: tokens.length, opener: "", selects: false, inFrom: false },
    ];
  }

  problem(): string | undefined {
    const tokens = this.#tokens;
    for (let i = 0; i < tokens.length; i++) {
      const problem = this.#problemAt(i);
      if (problem !== undefined) return problem;
    }
    return this.#traits.sources.inTakesTable && isWord(tokens.at(-1), "in")
      ? "a raw fragment ends in IN, behind which a name is a table"
      : undefined;
  }

  get #frame(): Frame {
    return this.#frames[this.#frames.length - 1]!;
  }

  #problemAt(i: number): string | undefined {
    const token = this.#tokens[i]!;
    const previous = this.#tokens[i - 1];
    if (this.#traits.sources.inTakesTable && isWord(previous, "in") && mayNameTable(token)) {
      return "a raw fragment names a table after IN";
    }
    switch (token.kind) {
      case "sign":
        return this.#problemOfSign(i);
      case "node":
        return this.#problemOfNode(i, token.node!);
      case "word":
        return this.#aliases.has(i) ? undefined : this.#problemOfWord(i);
      default:
        return undefined;
    }
  }

  #problemOfNode(i: number, node: OperationNode): string | undefined {
    if (namesTable(node, this.#tokens[i + 1], this.#pass)) {
      return "a raw fragment names a guarded table";
    }
    // A list goes on with FROM as a comma in the text does.
    if (node.kind === "ListNode" && this.#frame.inFrom) return READS;
    return mayBeginWithBracket(node) ? this.#problemOfCall(i) : undefined;
  }

  #problemOfSign(i: number): string | undefined {
    switch (this.#tokens[i]!.text) {
      case "(": {
        const previous = this.#tokens[i - 1];
        this.#frames.push({
          start: i + 1,
          end: this.#closes.get(i)!,
          opener: previous?.kind === "word" ? previous.text.toLowerCase() : "",
          selects: false,
          inFrom: false,
        });
        return this.#problemOfCall(i);
      }
      case ")":
        this.#frames.pop();
        return undefined;
      case ",":
        return this.#frame.inFrom ? this.#problemOfSource(i + 1) : undefined;
      default:
        return undefined;
    }
  }

  /** What is wrong with a call, if what is before a bracket is the name of a function. */
  #problemOfCall(bracket: number): string | undefined {
    const tokens = this.#tokens;
    const before = tokens[bracket - 1];
    const name = calledName(tokens, bracket, this.#traits);
    if (name !== undefined) {
      const problem = problemOfCall(name, this.#traits) ??
        (changesSetting(name[0]!, this.#traits)
          ? problemOfSettingCall(tokens.slice(bracket + 1, bracket + 3), this.#traits)
          : undefined);
      return problem === undefined ? undefined : `a raw fragment: ${problem}`;
    }
    // MySQL may read "name" as a name, and any node may end with one.
    return (before?.kind === "literal" && before.text.startsWith('"')) ||
        (before?.node !== undefined && before.node.kind !== "ValueNode")
      ? "a raw fragment calls a function whose name cannot be read for sure"
      : undefined;
  }

  #problemOfWord(i: number): string | undefined {
    const tokens = this.#tokens;
    const word = tokens[i]!.text.toLowerCase();
    const [third, second, previous] = [tokens[i - 3], tokens[i - 2], tokens[i - 1]];
    const next = tokens[i + 1];
    // A name behind another's dot is a column, whatever it is called.
    const qualifies = second?.kind === "word" || second?.kind === "name" || second?.kind === "node";
    if (previous?.text === "." && qualifies) return undefined;
    const frame = this.#frame;
    const outside = this.#isFragment && this.#frames.length === 1;
    switch (word) {
      case "select":
        frame.selects = true;
        frame.inFrom = false;
        return outside ? `a raw fragment holds "select" outside brackets` : undefined;
      case "with":
        return i === frame.start ? this.#readDefinitions(i) : undefined;
      case "from": {
        // IS [NOT] DISTINCT FROM, and no columns of those names.
        const compares = isWord(previous, "distinct") &&
          ((isWord(second, "is") && isOperand(third)) ||
            (isWord(second, "not") && isWord(third, "is") && isOperand(tokens[i - 4])));
        if (compares || (FROM_FUNCTIONS.has(frame.opener) && !frame.selects)) return undefined;
        if (outside) return `a raw fragment holds "from" outside brackets`;
        frame.inFrom = true;
        return this.#problemOfSource(i + 1);
      }
      case "insert":
        return this.#raw.insertIsFunction && next?.text === "("
          ? undefined
          : `a raw fragment holds "insert"`;
      case "using":
        return outside ? `a raw fragment holds "using"` : undefined;
    }
    if (this.#raw.joins.has(word)) {
      return outside ? `a raw fragment holds "${word}"` : this.#problemOfSource(i + 1);
    }
    if (word === "where" || word === "having" || word === "union") frame.inFrom = false;
    if ((word === "group" || word === "order") && isWord(next, "by")) frame.inFrom = false;
    if (NAMING.has(word)) {
      const locks = word === "update" &&
        (isWord(previous, "for") || (isWord(previous, "key") && isWord(second, "no")));
      const references = (word === "update" || word === "delete") && isWord(previous, "on");
      return locks || references ? undefined : `a raw fragment holds "${word}"`;
    }
    return this.#beginsStatement(word, i) ? `a raw fragment holds "${word}"` : undefined;
  }

  #beginsStatement(word: string, i: number): boolean {
    if (this.#raw.furtherStatements.has(word)) return true;
    const next = this.#tokens[i + 1];
    return i === this.#frame.start && BEGINNING.has(word) &&
      (next?.kind === "name" || next?.node !== undefined ||
        (next?.kind === "word" && !OPERATORS.has(next.text.toLowerCase())));
  }

  /** What is wrong with a row source behind FROM, JOIN or a comma. */
  #problemOfSource(at: number): string | undefined {
    const end = this.endOfSource(at);
    if (typeof end === "string") return end === NAMED ? READS : end;
    // Where nothing need separate statements, what comes behind may be one more.
    if (this.#raw.furtherStatements.size > 0 && !this.#endsRelation(end)) return READS;
    if (isWord(this.#tokens[end], "as")) this.#aliases.add(end + 1);
    return undefined;
  }

  /**
   * Returns the place after a row source that names no table, or what is wrong with it.
   *
   * @param at where it begins
   */
  endOfSource(at: number): number | string {
    if (isWord(this.#tokens[at], "lateral") && this.#raw.lateral) {
      this.#aliases.add(at);
      return this.#endOfRelation(at + 1);
    }
    return this.#endOfRelation(at);
  }

  #endOfRelation(at: number): number | string {
    const token = this.#tokens[at];
    if (token?.node !== undefined) return isQuery(token.node) ? at + 1 : NAMED;
    if (token?.text === "(" && token.kind === "sign") {
      const first = this.#tokens[at + 1];
      const isQuery = isWord(first, "select") || isWord(first, "values") || isWord(first, "with");
      return isQuery ? this.#closes.get(at)! + 1 : NAMED;
    }
    const end = endOfTableFunction(
      this.#tokens,
      at,
      (open) => this.#closes.get(open)!,
      this.#pass,
    );
    if (end !== undefined) return end;
    return this.#isDefined(at) ? at + 1 : NAMED;
  }

  /** Whether a name is that of a CTE of this text, or of a table that has no rows. */
  #isDefined(at: number): boolean {
    const token = this.#tokens[at];
    const next = this.#tokens[at + 1];
    if (next?.node !== undefined && mayBeginWithBracket(next.node)) return false;
    if ((token?.kind !== "word" && token?.kind !== "name") || next?.text === ".") return false;
    if (token.text.toLowerCase() === this.#raw.emptyTable) return true;
    return this.#definitions.some(({ name, body, end }) =>
      name === token.text && body < at && at < end
    );
  }

  /** Notes what `with a as (..), b as (..)` defines. */
  #readDefinitions(at: number): string | undefined {
    const tokens = this.#tokens;
    const { end } = this.#frame;
    let i = isWord(tokens[at + 1], "recursive") ? at + 2 : at + 1;
    for (;;) {
      const name = tokens[i];
      if (name?.kind !== "word" && name?.kind !== "name") return undefined;
      i++;
      if (tokens[i]?.text === "(") i = this.#closes.get(i)! + 1;
      if (!isWord(tokens[i], "as")) return undefined;
      i++;
      if (isWord(tokens[i], "not")) i++;
      if (isWord(tokens[i], "materialized")) i++;
      const body = tokens[i]?.text === "(" ? this.#closes.get(i) : undefined;
      if (body === undefined) return undefined;
      this.#definitions.push({ name: name.text, body, end });
      if (tokens[body + 1]?.text !== ",") return undefined;
      i = body + 2;
    }
  }

  /** Whether nothing but an alias, and how the rows become JSON, comes behind a row source. */
  #endsRelation(at: number): boolean {
    const rest = this.#tokens.slice(at, this.#frame.end)
      .map(({ text }) => text.toLowerCase()).join(" ");
    return RELATION_END.test(rest);
  }
}

const RELATION_END =
  /^(?:as [\p{L}_][\p{L}\p{N}_]*)?(?: ?for json path(?: , (?:include_null_values|without_array_wrapper))*)?$/u;

/** Nodes that are never written with a bracket first. */
const UNBRACKETED: ReadonlySet<string> = new Set([
  "AggregateFunctionNode",
  "CaseNode",
  "CastNode",
  "ColumnNode",
  "DataTypeNode",
  "FunctionNode",
  "IdentifierNode",
  "OperatorNode",
  "ReferenceNode",
  "SchemableIdentifierNode",
  "SelectAllNode",
  "TableNode",
  "UnaryOperationNode",
  "ValueNode",
]);

/** Returns true if a node may be written with a bracket first: a name before it is then called. */
function mayBeginWithBracket({ kind }: OperationNode): boolean {
  return !UNBRACKETED.has(kind);
}

/**
 * What is wrong with raw SQL that stands between two other parts of a query, with nothing to separate
 * it from these: a bracket that it begins with would call what comes before it, and a bracket behind
 * it would call the name that it ends in.
 */
export function problemOfJoint(raw: RawNode, pass: Pass): string | undefined {
  const { traits } = pass.rules;
  const { tokens, problem } = readText(raw, traits);
  if (tokens === undefined) return problem;
  const first = tokens[0];
  const begins = first?.node === undefined
    ? first?.text === "(" && first.kind === "sign"
    : mayBeginWithBracket(first.node);
  if (begins) {
    return "a raw fragment begins with a bracket, behind what may be the name of a function";
  }
  const name = calledName(tokens, tokens.length, traits);
  if (name === undefined) return undefined;
  return problemOfCall(name, traits) ??
    (changesSetting(name[0]!, traits) ? problemOfSettingCall([], traits) : undefined);
}

/** Returns true if a token may end an operand. */
function isOperand(token: Token | undefined): boolean {
  return token !== undefined && !isWord(token, "select") && !isWord(token, "all") &&
    (token.kind !== "sign" || token.text === ")" || token.text === "]");
}

/** Returns true if a node is a query of the builder, which is rewritten. */
function isQuery(node: OperationNode): boolean {
  switch (node.kind) {
    case "SelectQueryNode":
      return true;
    case "AliasNode":
      return isQuery((node as AliasNode).node);
    case "ParensNode":
      return isQuery((node as ParensNode).node);
    default:
      return false;
  }
}

/** SQLite takes a name, and even a string, after IN for a table. */
function mayNameTable(token: Token): boolean {
  if (token.kind === "word" || token.kind === "name") return true;
  if (token.kind === "literal") return token.text.startsWith("'");
  const { node } = token;
  if (node === undefined) return false;
  return isNameNode(node) || node.kind === "AliasNode" || node.kind === "FunctionNode" ||
    node.kind === "AggregateFunctionNode" ||
    (node.kind === "ValueNode" && (node as ValueNode).immediate === true);
}

function namesTable(node: OperationNode, next: Token | undefined, pass: Pass): boolean {
  if (node.kind === "AliasNode") return namesTable((node as AliasNode).node, undefined, pass);
  if (node.kind !== "TableNode" || next?.text === ".") return false;
  const { table } = node as TableNode;
  // What is not made of names is not that of a table that is known.
  if (!isSchemableName(table)) return true;
  return pass.isGuarded(table.identifier.name, table.schema?.name);
}

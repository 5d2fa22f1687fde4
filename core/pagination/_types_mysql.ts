import {
  CastNode,
  ExpressionWrapper,
  FromNode,
  LimitNode,
  type OperationNode,
  RawNode,
  SelectQueryNode,
  sql,
  ValueNode,
} from "kysely";
import { BadRequestError } from "../errors/bad_request_error.ts";
import { type BaseColumn, baseColumnOf } from "./_base_column.ts";
import { decodeBase64, encodeBase64 } from "./_base64.ts";
import { childrenOf } from "./_shape.ts";
import { pageTable, selectAs, withoutOrder } from "./_nodes.ts";
import type { CursorValue, KeptValue, KeyType, TypeSearch } from "./_values.ts";

/** A value that ORDER BY looks at a part of: no cursor can say where its row is. */
export const CUT: CursorValue = ["cut", null];

/** What a type does, without its name. */
type Manner = Pick<KeyType, "order" | "form" | "parameter" | "operand"> & {
  /** The text, from what the driver made of the value itself; `undefined` if it may have lost digits. */
  direct?(value: unknown): string | undefined;
  /** The exact text of a value. */
  text(key: OperationNode): OperationNode;
  /** Tells of a value that ORDER BY looks at a part of it only. */
  isCut?(key: OperationNode): OperationNode;
};

const wrap = (node: OperationNode): ExpressionWrapper<any, any, any> => new ExpressionWrapper(node);
const asText = (key: OperationNode): OperationNode =>
  sql`cast(${wrap(key)} as char)`.toOperationNode();
const asUnsigned = (key: OperationNode): OperationNode =>
  sql`cast(${wrap(key)} as unsigned)`.toOperationNode();
const asIs = (key: OperationNode): OperationNode => key;

/** How a value becomes an operand. */
type Bound = Pick<KeyType, "form" | "parameter" | "operand">;

const plainly = {
  form: () => "",
  parameter: ([, text]: KeptValue) => text,
  operand: (_: string, parameter: OperationNode) => parameter,
} satisfies Bound;
const asNumber: Bound = { ...plainly, parameter: ([, text]) => Number(text) };
const castTo = (type: OperationNode): Bound => ({
  ...plainly,
  operand: (_, parameter) => CastNode.create(parameter, type),
});
const castToUnsigned = castTo(RawNode.createWithSql("unsigned"));

/**
 * ORDER BY looks at so many bytes of what it makes of a text. Of a character it makes four at the
 * most, in the usual collations.
 */
const textIsCut = (key: OperationNode): OperationNode =>
  sql`char_length(${wrap(key)}) * 4 > @@max_sort_length`.toOperationNode();

const MOST_SCALE = 38;
/** `decimal(65, s)` by scale: an exact number is compared as one, never as text or floating point. */
const decimals = Array.from(
  { length: MOST_SCALE + 1 },
  (_, scale) => RawNode.createWithSql(`decimal(65, ${scale})`),
);

/**
 * How the values of a key are ordered, written and read, by the kind of the key.
 *
 * | kind       | is of                                     | is compared as                            |
 * | ---------- | ----------------------------------------- | ----------------------------------------- |
 * | `number`   | integers, DECIMAL, YEAR                   | DECIMAL of the value's scale              |
 * | `exact:n`  | computed exact numbers of scale n         | DECIMAL of all digits, in ORDER BY as well |
| `rounded:n` | those of subqueries                      | DECIMAL of scale n, in ORDER BY as well   |
 * | `float`    | FLOAT, DOUBLE                             | DOUBLE                                    |
 * | `bit`      | BIT                                       | its number                                |
 * | `enum`     | ENUM                                      | its number, as ORDER BY does              |
 * | `set`      | SET                                       | its number, in ORDER BY as well           |
 * | `text`     | text, dates and times, UUID, INET4, INET6 | itself: MySQL converts a constant to them |
 * | `words`    | computed text, JSON of MariaDB            | plain text, in ORDER BY as well           |
 * | `bytes`    | binary strings                            | itself                                    |
 * | `json`     | JSON of MySQL                             | JSON                                      |
 */
const MANNERS: ReadonlyMap<string, Manner> = new Map<string, Manner>([
  ["number", {
    text: asText,
    ...plainly,
    form: ([, text]) => String(scaleOf(text)),
    direct(value) {
      const isExact = typeof value === "number"
        ? Number.isSafeInteger(value)
        : typeof value === "bigint" || (typeof value === "string" && DIGITS.test(value));
      return isExact ? String(value) : undefined;
    },
    operand: (scale, parameter) => CastNode.create(parameter, decimals[Number(scale)]!),
  }],
  ["float", {
    // FLOAT itself is written with six digits only, and is then another number
    text: (key) => sql`${wrap(key)} + 0e0`.toOperationNode(),
    ...asNumber,
  }],
  ["bit", { text: asUnsigned, ...castToUnsigned }],
  ["enum", {
    text: (key) => sql`${wrap(key)} + 0`.toOperationNode(),
    ...asNumber,
  }],
  // As a text it would be compared as a floating point number, which has no 64 bits
  ["set", { order: asUnsigned, text: asIs, ...castToUnsigned }],
  ["text", { text: asText, ...plainly, isCut: textIsCut }],
  ["words", {
    // JSON is compared with a text by another rule than with JSON
    order: (key) => sql`concat(${wrap(key)})`.toOperationNode(),
    text: asIs,
    ...plainly,
    isCut: textIsCut,
  }],
  ["bytes", {
    isCut: (key) => sql`length(${wrap(key)}) > @@max_sort_length`.toOperationNode(),
    text: (key) => sql`hex(${wrap(key)})`.toOperationNode(),
    ...plainly,
    parameter: ([, text]) => decodeBase64(text),
  }],
  ["json", {
    text: asText,
    ...castTo(RawNode.createWithSql("json")),
  }],
]);

const DIGITS = /^-?\d{1,20}$/;
const EXACT = /^(exact|rounded):(\d{1,2})$/;

/** The kinds of the types of columns, as `information_schema` names them. */
const KINDS: ReadonlyMap<string, string> = new Map([
  ...["tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "year"].map((type) =>
    [type, "number"] as const
  ),
  ...["float", "double"].map((type) => [type, "float"] as const),
  ...["bit", "enum", "set", "json"].map((type) => [type, type] as const),
  ...["char", "varchar", "tinytext", "text", "mediumtext"].map((type) => [type, "text"] as const),
  // JSON of MariaDB is LONGTEXT
  ["longtext", "words"],
  ...["date", "datetime", "timestamp", "time"].map((type) => [type, "text"] as const),
  ...["uuid", "inet4", "inet6"].map((type) => [type, "text"] as const),
  ...["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"].map((type) =>
    [type, "bytes"] as const
  ),
]);

/**
 * Returns the types of keys of MySQL and MariaDB: of a column from the catalog, of what is computed
 * from what the database makes of its type, never from how a value looks. A cursor tells them again.
 */
export async function mysqlTypes(search: TypeSearch): Promise<readonly KeyType[]> {
  const { values } = search;
  return values === undefined ? (await findKinds(search)).map(typeOf) : mysqlTypesOf(values);
}

/** Returns the types of the keys of a cursor. */
export function mysqlTypesOf(values: readonly CursorValue[]): readonly KeyType[] {
  return values.map((value) => typeOf(value?.[0] ?? ""));
}

function typeOf(kind: string): KeyType {
  const manner = mannerOf(kind);
  const { text, order, form, parameter, operand, isCut, direct } = manner;
  return {
    ...direct === undefined ? {} : {
      direct(value): CursorValue | undefined {
        const read = value === null ? null : direct(value);
        return read === undefined ? undefined : [kind, read];
      },
    },
    ...order === undefined ? {} : { order },
    // The kind also says what is selected and ordered by.
    form: (value) => `${kind} ${form(value)}`,
    parameter,
    operand: (form, parameter) => operand(form.slice(kind.length + 1), parameter),
    select: (key) => ({
      // The sign in front keeps plugins from taking the text for something to parse
      t: sql`concat('=', ${wrap(text(key))})`.toOperationNode(),
      ...isCut === undefined ? {} : { l: isCut(key) },
    }),
    read({ t, l }): CursorValue {
      if (t === null) return [kind, null];
      if (Number(l ?? 0) !== 0) return CUT;
      const read = String(t).slice(1);
      return [kind, kind === "bytes" ? encodeBase64(bytesOf(read)) : read];
    },
  };
}

function mannerOf(kind: string): Manner {
  const known = MANNERS.get(kind);
  if (known !== undefined) return known;
  const [, digits, scale] = EXACT.exec(kind) ?? [];
  const type = decimals[digits === "exact" ? comparedScale(Number(scale)) : Number(scale)];
  if (type === undefined) throw new BadRequestError("Cannot parse cursor");
  return {
    order: (key) => CastNode.create(key, type),
    text: asIs,
    ...castTo(type),
  };
}

async function findKinds({ layout, run }: TypeSearch): Promise<string[]> {
  const { keys, query } = layout;
  const bases = keys.map((key) => baseColumnOf(key, query));
  const kinds: (string | undefined)[] = keys.map(() => undefined);
  if (bases.some((base) => base !== undefined)) {
    const row = await readRow(run, bases.map((base) => base && typeInCatalog(base)));
    bases.forEach((base, i) => {
      const type = row[i];
      if (type === null || type === undefined) return;
      kinds[i] = KINDS.get(String(type).toLowerCase());
      if (kinds[i] === undefined) throw noOrder(`"${base!.column}" is of the type ${type}`);
    });
  }
  const rest = keys.flatMap((_, i) => kinds[i] === undefined ? [i] : []);
  if (rest.length === 0) return kinds as string[];
  const column = (i: number): ExpressionWrapper<any, any, any> =>
    wrap(sql`${sql.ref(`${pageTable}.kyserak${i}`)}`.toOperationNode());
  const from = noRow(query, keys);
  const first = await readRow(
    run,
    rest.flatMap((i) => [sql`collation(${column(i)})`, sql`collation(concat(${column(i)}))`]),
    from,
  );
  const others: number[] = [];
  rest.forEach((key, i) => {
    const [own, asString] = [first[2 * i], first[2 * i + 1]];
    if (own === "binary") others.push(key);
    // UUID and INET have a collation of their own, and take part in no arithmetic
    else kinds[key] = own === asString ? "words" : "text";
  });
  if (others.length === 0) return kinds as string[];
  // A number stays one beside a number; a date becomes text
  const second = await readRow(
    run,
    others.flatMap((i) => [
      sql`collation(coalesce(${column(i)}, 1))`,
      sql`concat('', json_array(coalesce(${column(i)}, 1)))`,
      sql`concat('', coalesce(${column(i)}, 1))`,
      sql`concat('', coalesce(${column(i)}, 1) / 1)`,
    ]),
    from,
  );
  others.forEach((key, i) => {
    const [collation, json, one, quotient] = second.slice(4 * i).map(String);
    if (json!.includes('"')) kinds[key] = collation === "binary" ? "bytes" : "text";
    // Of exact numbers a quotient has decimal places
    else if (!quotient!.includes(".")) kinds[key] = "float";
    else kinds[key] = `${hasSubquery(keys[key]!, query) ? "rounded" : "exact"}:${scaleOf(one!)}`;
  });
  return kinds as string[];
}

/**
 * The scale that an exact number of some scale is compared with. What is computed has up to 9 digits
 * more than its type says, for digits are kept in groups of 9.
 */
function comparedScale(scale: number): number {
  return scale === 0 ? 0 : Math.max(scale, Math.min(30, 9 * Math.ceil(scale / 9) + 9));
}

/**
 * Whether a key, or what the query computes in its place, holds a subquery: its result has all its
 * digits at one time, and those that it is written with at another.
 */
function hasSubquery(key: OperationNode, query: OperationNode): boolean {
  return isOrHasSelect(key) || selectsSubquery(query);
}

function isOrHasSelect(node: OperationNode): boolean {
  return SelectQueryNode.is(node) ||
    (RawNode.is(node) && node.sqlFragments.some((text) => /\bselect\b/i.test(text))) ||
    childrenOf(node).some(isOrHasSelect);
}

function selectsSubquery(node: OperationNode): boolean {
  const selections = SelectQueryNode.is(node) ? node.selections ?? [] : [];
  return selections.some(isOrHasSelect) || childrenOf(node).some(selectsSubquery);
}

function scaleOf(text: string): number {
  const dot = text.indexOf(".");
  return dot < 0 ? 0 : Math.min(MOST_SCALE, text.length - dot - 1);
}

function typeInCatalog({ schema, tables, column }: BaseColumn): ReturnType<typeof sql> {
  return sql`(select data_type from information_schema.columns where table_schema = ${
    schema ?? sql`database()`
  } and table_name in (${sql.join(tables)}) and column_name = ${column} limit 1)`;
}

/** One row of the types of keys: there is NULL in each, and nothing is read. */
function noRow(query: SelectQueryNode, keys: readonly OperationNode[]): FromNode {
  const { endModifiers: _, ...rest } = withoutOrder(query);
  const inner = {
    ...rest,
    selections: keys.map((key, i) => selectAs(key, `kyserak${i}`)),
    limit: LimitNode.create(ValueNode.createImmediate(0)),
  } as SelectQueryNode;
  return FromNode.create([
    sql`(select 1 as kyseraone) as kyseraone left join ${wrap(inner)} as ${
      sql.id(pageTable)
    } on true`.toOperationNode(),
  ]);
}

async function readRow(
  run: TypeSearch["run"],
  columns: readonly (ReturnType<typeof sql> | undefined)[],
  from?: FromNode,
): Promise<readonly unknown[]> {
  const selections = columns.flatMap((column, i) =>
    column === undefined ? [] : [selectAs(column.toOperationNode(), `kyseray${i}`)]
  );
  const node = SelectQueryNode.cloneWithSelections(
    from === undefined ? SelectQueryNode.create() : { kind: "SelectQueryNode", from },
    selections,
  );
  const [row] = await run(node);
  return columns.map((_, i) => row?.[`kyseray${i}`]);
}

function noOrder(reason: string): BadRequestError {
  return new BadRequestError(
    `Cannot paginate by cursor: ${reason}, which has no order that a cursor can keep; order by ` +
      "something computed from it",
  );
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(
    { length: hex.length / 2 },
    (_, index) => parseInt(hex.slice(2 * index, 2 * index + 2), 16),
  );
}

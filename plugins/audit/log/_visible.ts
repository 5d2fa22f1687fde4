/**
 * What a caller may see of rows as entries have them: the policies of the executor, applied to a
 * table that is made of the images.
 */
import { getRawDb } from "@kysera/executor";
import {
  AliasNode,
  createQueryId,
  type Expression,
  FromNode,
  IdentifierNode,
  type Kysely,
  type OperationNode,
  type RootOperationNode,
  type SelectionNode,
  sql,
  TableNode,
} from "kysely";
import type { AuditValues } from "../contract/entry.ts";
import { AuditError } from "../contract/errors.ts";
import type { JsonValue } from "../sql/_json.ts";
import { copy, partsOf, selection, tableIn } from "../sql/_nodes.ts";
import { refTo } from "../strategies/common/_image.ts";
import type { MaskedColumn } from "../strategies/common/_images.ts";
import type { AuditedTable } from "../strategies/common/_table.ts";
import type { ImageStrategy } from "../strategies/strategy.ts";
import type { AuditHooks } from "../write/_hooks.ts";
import { withEveryRow } from "../write/_reading.ts";
import { copyJsonNulls, jsonNullsOf } from "./_json_null.ts";

/** An image of a row as the caller may see it. */
export interface SeenImage {
  readonly values: AuditValues;
  /** The columns that are masked for the caller. */
  readonly masked: ReadonlySet<string>;
}

const NOTHING_MASKED: ReadonlySet<string> = new Set();
const ALIAS = "kysera_row";

/** A table as the plugins of an executor show it to a caller. */
export class VisibleTable {
  readonly #raw: Kysely<any>;
  readonly #hooks: AuditHooks;
  readonly #table: AuditedTable;
  readonly #view: View;
  readonly #isTransaction: boolean;

  private constructor(executor: Kysely<any>, hooks: AuditHooks, table: AuditedTable, view: View) {
    this.#raw = getRawDb<any>(executor).withoutPlugins();
    this.#isTransaction = executor.isTransaction;
    this.#hooks = hooks;
    this.#table = table;
    this.#view = view;
  }

  /** Asks the plugins of an executor what its caller sees of a table. */
  static async of(
    executor: Kysely<any>,
    hooks: AuditHooks,
    table: AuditedTable,
  ): Promise<VisibleTable> {
    const query = withEveryRow(executor).selectFrom(`${table.path} as ${ALIAS}`).selectAll();
    // Plugins are told of tables that nobody knew when a query runs.
    await query.limit(0).execute();
    return new VisibleTable(executor, hooks, table, new View(query.toOperationNode(), table));
  }

  /** Whether some of its columns may be masked. */
  get hasMasks(): boolean {
    return this.#view.masks.length > 0;
  }

  /** Returns each image as the caller may see it; `undefined` for those that he may not see. */
  async show(images: readonly AuditValues[]): Promise<(SeenImage | undefined)[]> {
    const view = this.#view;
    if (view.showsAll) return images.map((values) => ({ values, masked: NOTHING_MASKED }));
    const seen: (SeenImage | undefined)[] = images.map(() => undefined);
    // What a policy looks at has to be there: nobody can tell of what is not.
    const asked = images.flatMap((values, n) =>
      view.required.every((column) => this.#isKnown(values, column)) ? [{ n, values }] : []
    );
    for (const row of await this.#ask(asked)) {
      const values = images[Number(row[`${this.#table.free}n`])]!;
      seen[Number(row[`${this.#table.free}n`])] = this.#masked(values, row);
    }
    return seen;
  }

  #masked(values: AuditValues, row: Readonly<Record<string, unknown>>): SeenImage {
    const masked = new Set<string>();
    const shown: Record<string, JsonValue> = { ...values };
    for (const [i, { column, required }] of this.#view.masks.entries()) {
      if (values[column] === undefined) continue;
      const isTold = required.every((name) => this.#isKnown(values, name));
      if (isTold && Number(row[`${this.#table.free}d${i}`]) === 0) continue;
      masked.add(column);
      shown[column] = isTold ? jsonOf(row[`${this.#table.free}v${i}`]) : null;
    }
    return { values: masked.size === 0 ? values : copyJsonNulls(values, shown), masked };
  }

  /** Whether an image has the value of a column as the row had it. */
  #isKnown(values: AuditValues, column: string): boolean {
    const info = this.#table.info.columns.find(({ name }) => name === column);
    const value = values[column];
    if (value === undefined || info === undefined || jsonNullsOf(values).has(column)) return false;
    if (this.#table.masked.has(column)) return value === null;
    return this.#hooks.strategy.images.isWhole(value, info);
  }

  async #ask(
    images: readonly { readonly n: number; readonly values: AuditValues }[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    if (images.length === 0) return [];
    try {
      return await this.#run(images);
    } catch (error) {
      if (!isDataError(error)) throw error;
      // A value is not of its column's type any more: the image that has it is not shown.
      if (images.length === 1) return [];
      const half = images.length >> 1;
      return [
        ...await this.#ask(images.slice(0, half)),
        ...await this.#ask(images.slice(half)),
      ];
    }
  }

  async #run(
    images: readonly { readonly n: number; readonly values: AuditValues }[],
  ): Promise<readonly Readonly<Record<string, unknown>>[]> {
    const strategy = this.#hooks.strategy.images;
    const source = strategy.source(this.#table, images, this.#view.masks);
    const node = this.#view.over(source, strategy);
    const run = async (): Promise<readonly Readonly<Record<string, unknown>>[]> => {
      const query = this.#raw.getExecutor().compileQuery(node, createQueryId());
      return (await this.#raw.executeQuery<Readonly<Record<string, unknown>>>(query)).rows;
    };
    if (!strategy.errorsEndTransactions || !this.#isTransaction) return await run();
    // A failed statement would end the caller's transaction.
    await sql`savepoint kysera_audit_read`.execute(this.#raw);
    try {
      const rows = await run();
      await sql`release savepoint kysera_audit_read`.execute(this.#raw);
      return rows;
    } catch (error) {
      await sql`rollback to savepoint kysera_audit_read`.execute(this.#raw);
      throw error;
    }
  }
}

/** The SELECT that plugins have made of `select * from table`, taken apart. */
class View {
  /** The columns that its conditions look at. */
  readonly required: readonly string[];
  readonly masks: readonly MaskedColumn[];
  readonly #path: readonly OperationNode[];
  /** What the columns of the table are qualified with. */
  readonly #alias: string;
  readonly #free: string;

  constructor(query: OperationNode, table: AuditedTable) {
    this.#free = table.free;
    const path: OperationNode[] = [];
    let node = query;
    let alias: string | undefined;
    while (alias === undefined) {
      const source = partsOf(node).from?.froms[0];
      if (node.kind !== "SelectQueryNode" || source === undefined) throw cannotTell(table);
      path.push(node);
      alias = tableIn(source)?.alias;
      if (alias === undefined) node = selectIn(source);
    }
    this.#path = path;
    this.#alias = alias;
    this.required = namedColumns(path.map(withoutSelections), alias, table);
    this.masks = path.length === 1 ? [] : selectionsOf(path.at(-1)!).flatMap(({ selection }) => {
      if (selection.kind !== "AliasNode") return [];
      const { node, alias } = selection as AliasNode;
      const column = IdentifierNode.is(alias) ? alias.name : "";
      if (!table.info.columns.some(({ name }) => name === column)) throw cannotTell(table);
      const required = namedColumns([node], this.#alias, table).filter((name) => name !== column);
      return [{ column, required }];
    });
  }

  /** Whether the caller sees every row as it is. */
  get showsAll(): boolean {
    const isPlain = ({ where, joins }: ReturnType<typeof partsOf>): boolean =>
      where === undefined && joins === undefined;
    return this.masks.length === 0 && this.#path.every((node) => isPlain(partsOf(node)));
  }

  /** The same SELECT of other rows: the number of each that it finds, and what it shows of masks. */
  over(source: Expression<any>, images: ImageStrategy): RootOperationNode {
    const last = this.#path.length - 1;
    const build = (i: number): OperationNode => {
      const node = this.#path[i]!;
      const own = i === last ? this.#alias : aliasIn(node);
      const [, ...more] = partsOf(node).from!.froms;
      const inner = i === last ? source.toOperationNode() : build(i + 1);
      const from = FromNode.create([
        AliasNode.create(inner, IdentifierNode.create(own)),
        ...more,
      ]);
      return copy(node, {
        from,
        selections: i === 0 ? this.#told(own, images) : [
          ...selectionsOf(node),
          ...[`${this.#free}n`, ...this.masks.map((_, n) => `${this.#free}r${n}`)].map((name) =>
            selection(refTo(name, own), name)
          ),
        ],
      });
    };
    // A SELECT stays one.
    return unqualified(build(0), this.#alias) as RootOperationNode;
  }

  #told(alias: string, images: ImageStrategy): SelectionNode[] {
    return [
      selection(refTo(`${this.#free}n`, alias), `${this.#free}n`),
      ...this.masks.flatMap(({ column }, i) => {
        const value = refTo(column, alias);
        return [
          selection(value, `${this.#free}v${i}`),
          selection(
            differs(value, refTo(`${this.#free}r${i}`, alias), images),
            `${this.#free}d${i}`,
          ),
        ];
      }),
    ];
  }
}

function differs(a: Expression<any>, b: Expression<any>, images: ImageStrategy): Expression<any> {
  return sql`case when ${images.areDifferent(a, b)} then 1 else 0 end`;
}

/** The SELECT that stands in the place of a table. */
function selectIn(source: OperationNode): OperationNode {
  const inner = AliasNode.is(source) ? source.node : source;
  return inner.kind === "ParensNode" ? (inner as { node?: OperationNode }).node! : inner;
}

function aliasIn(select: OperationNode): string {
  const [source] = partsOf(select).from!.froms;
  const { alias } = source as AliasNode;
  return IdentifierNode.is(alias) ? alias.name : ALIAS;
}

function selectionsOf(node: OperationNode): readonly SelectionNode[] {
  return (node as { selections?: readonly SelectionNode[] }).selections ?? [];
}

function withoutSelections(node: OperationNode): OperationNode {
  const [, ...froms] = partsOf(node).from!.froms;
  return copy(node, {
    selections: undefined,
    from: froms.length === 0 ? undefined : FromNode.create(froms),
  });
}

const WORDS = /[\p{L}_][\p{L}\p{N}_$]*/gu;

/** The columns of a table that nodes look at; of raw SQL, every name that is one. */
function namedColumns(
  nodes: readonly OperationNode[],
  alias: string,
  { info }: AuditedTable,
): readonly string[] {
  const all = info.columns.map(({ name }) => name);
  const byName = new Map(all.map((name) => [name.toLowerCase(), name]));
  const found = new Set<string>();
  const add = (name: string): void => {
    const column = byName.get(name.toLowerCase());
    if (column !== undefined) found.add(column);
  };
  const isOurs = (table: OperationNode | undefined): boolean => {
    const name = table === undefined ? undefined : tableIn(table)?.name;
    return name === undefined || name === alias || name === ALIAS;
  };
  const look = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) return value.forEach(look);
    const { kind } = value as Partial<OperationNode>;
    if (typeof kind !== "string" || kind === "ValueNode" || kind === "PrimitiveValueListNode") {
      return;
    }
    if (kind === "ReferenceNode") {
      const { table, column } = value as { table?: OperationNode; column: OperationNode };
      if (!isOurs(table)) return;
      if (column.kind === "SelectAllNode") all.forEach(add);
      else look(column);
      return;
    }
    if (kind === "IdentifierNode") add((value as IdentifierNode).name);
    if (kind === "RawNode") {
      const { sqlFragments } = value as { sqlFragments?: readonly string[] };
      for (const [word] of (sqlFragments ?? []).join(" ").matchAll(WORDS)) add(word);
    }
    Object.values(value).forEach(look);
  };
  nodes.forEach(look);
  return [...found];
}

/** References to a table without its schema: what stands in its place has none. */
function unqualified(node: OperationNode, table: string): OperationNode {
  const change = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(change);
    const { kind } = value as Partial<OperationNode>;
    if (typeof kind !== "string" || kind === "ValueNode" || kind === "PrimitiveValueListNode") {
      return value;
    }
    if (kind === "ReferenceNode") {
      const { table: of } = value as { table?: OperationNode };
      const named = of === undefined ? undefined : tableIn(of);
      if (named?.schema !== undefined && named.name === table) {
        return { ...value, table: TableNode.create(table) };
      }
      return value;
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, change(each)]));
  };
  // Every node stays one of its kind.
  return change(node) as OperationNode;
}

function jsonOf(value: unknown): JsonValue {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ||
      typeof value === "boolean"
    ? value
    : String(value);
}

/** Whether a statement failed because of the values that it was given. */
function isDataError(error: unknown): boolean {
  const { code, sqlState, errno } = error as {
    code?: unknown;
    sqlState?: unknown;
    errno?: unknown;
  };
  const isPostgres = typeof code === "string" && /^2[23][0-9A-Z]{3}$/.test(code);
  const isMysql = typeof sqlState === "string" &&
    (sqlState.startsWith("22") || Number(errno) >= 4000);
  return isPostgres || isMysql;
}

function cannotTell({ label }: AuditedTable): AuditError {
  return new AuditError(
    `Cannot read the audit log of "${label}": a plugin makes something else of the table than a ` +
      "SELECT of it; read the log with an executor without that plugin",
    "AUDIT_INVALID_VALUE",
  );
}

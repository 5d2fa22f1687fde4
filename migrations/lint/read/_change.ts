/** The name of a table, an index or a type. */
export interface ObjectName {
  readonly schema?: string | undefined;
  readonly name: string;
}

/** The type of a column, as it was written. */
export interface TypeName {
  /** Its standard short name in lower case, such as `varchar` for `character varying`. */
  readonly name: string;
  /** The numbers in its parentheses: a length, or precision and scale. */
  readonly sizes: readonly number[];
  readonly isArray: boolean;
  /** The members of an `enum` or `set` of MySQL. */
  readonly members: readonly string[];
}

/** What a rule may want to know of an expression. */
export interface Expression {
  /** The functions that it calls, those without parentheses (`current_timestamp`) included. */
  readonly calls: readonly string[];
  /** Whether it is one literal, or `null`. */
  readonly isConstant: boolean;
  readonly isNull: boolean;
}

/** What a foreign key points to. */
export interface Reference {
  readonly table: ObjectName;
  readonly columns: readonly string[];
  /** The action of ON DELETE, such as `cascade`. */
  readonly onDelete?: string | undefined;
}

/** A column, as `create table`, `add column` and `modify` define it. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: TypeName | undefined;
  readonly notNull: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly autoIncrement: boolean;
  readonly default?: Expression | undefined;
  readonly generated?: "stored" | "virtual" | "identity" | undefined;
  readonly references?: Reference | undefined;
  readonly check: boolean;
  /** Whether it says where it stands: `first` or `after`. */
  readonly isPlaced: boolean;
  readonly charset?: string | undefined;
}

/** A constraint of a table. */
export interface ConstraintDefinition {
  readonly type: "primary-key" | "unique" | "foreign-key" | "check" | "exclusion";
  readonly name?: string | undefined;
  readonly columns: readonly string[];
  readonly references?: Reference | undefined;
  readonly notValid: boolean;
  readonly usingIndex: boolean;
  /** The columns that a CHECK says are not null. */
  readonly notNullColumns: readonly string[];
}

/** An index. */
export interface IndexDefinition {
  readonly name?: string | undefined;
  readonly columns: readonly string[];
  readonly unique: boolean;
  readonly concurrently: boolean;
  readonly ifNotExists: boolean;
  /** The condition of a partial index. */
  readonly where?: Expression | undefined;
  /** `fulltext` or `spatial`, of MySQL. */
  readonly method?: string | undefined;
}

interface OnTable {
  readonly table: ObjectName;
}

/** One thing that a statement does to a schema, its rows, or the session. */
export type Change =
  | OnTable & {
    readonly kind: "create-table";
    readonly columns: readonly ColumnDefinition[];
    readonly constraints: readonly ConstraintDefinition[];
    readonly indexes: readonly IndexDefinition[];
    readonly ifNotExists: boolean;
    readonly temporary: boolean;
    /** Whether its columns are those of a query or of another table. */
    readonly isDerived: boolean;
    /** Words behind the columns, such as `strict`. */
    readonly options: readonly string[];
    readonly charset?: string | undefined;
  }
  | OnTable & {
    readonly kind: "add-column";
    readonly column: ColumnDefinition;
    readonly ifNotExists: boolean;
  }
  | OnTable & {
    readonly kind: "modify-column";
    /** The name that it had before. */
    readonly from: string;
    readonly column: ColumnDefinition;
  }
  | OnTable & { readonly kind: "drop-column"; readonly column: string; readonly ifExists: boolean }
  | OnTable & { readonly kind: "rename-table"; readonly to: string }
  | OnTable & { readonly kind: "rename-column"; readonly column: string; readonly to: string }
  | OnTable & {
    readonly kind: "alter-type";
    readonly column: string;
    readonly type: TypeName;
    readonly hasUsing: boolean;
  }
  | OnTable & { readonly kind: "set-not-null" | "drop-not-null"; readonly column: string }
  | OnTable & {
    readonly kind: "set-default" | "drop-default";
    readonly column: string;
    readonly value?: Expression | undefined;
  }
  | OnTable & { readonly kind: "add-constraint"; readonly constraint: ConstraintDefinition }
  | OnTable & {
    readonly kind: "drop-constraint";
    readonly name?: string | undefined;
    readonly type?: ConstraintDefinition["type"] | undefined;
  }
  | OnTable & { readonly kind: "validate-constraint"; readonly name: string }
  | OnTable & { readonly kind: "create-index"; readonly index: IndexDefinition }
  | {
    readonly kind: "drop-index";
    readonly table?: ObjectName | undefined;
    readonly index: ObjectName;
    readonly concurrently: boolean;
    readonly ifExists: boolean;
  }
  | { readonly kind: "reindex"; readonly concurrently: boolean; readonly index: ObjectName }
  | OnTable & { readonly kind: "detach-partition"; readonly concurrently: boolean }
  | OnTable & { readonly kind: "change-partitions" }
  | OnTable & { readonly kind: "change-engine" }
  | OnTable & { readonly kind: "change-charset"; readonly charset: string }
  | OnTable & {
    readonly kind: "drop-table";
    readonly ifExists: boolean;
    readonly cascade: boolean;
  }
  | { readonly kind: "drop-schema"; readonly schema: string }
  | OnTable & { readonly kind: "truncate"; readonly cascade: boolean }
  | { readonly kind: "create-enum"; readonly type: ObjectName; readonly members: readonly string[] }
  | { readonly kind: "create-domain"; readonly type: ObjectName; readonly isChecked: boolean }
  | { readonly kind: "alter-domain-constraint"; readonly type: ObjectName }
  | {
    readonly kind: "add-enum-value";
    readonly type: ObjectName;
    readonly value: string;
    readonly isPlaced: boolean;
  }
  | { readonly kind: "rename-enum-value"; readonly type: ObjectName; readonly value: string }
  | OnTable & {
    readonly kind: "row-security";
    readonly change: "enable" | "disable" | "force" | "no-force";
  }
  | OnTable & {
    readonly kind: "create-policy";
    readonly name: string;
    /** The functions that are called outside of a subquery. */
    readonly perRowCalls: readonly string[];
  }
  | OnTable & { readonly kind: "create-trigger"; readonly name: string }
  | OnTable & {
    readonly kind: "update" | "delete" | "insert";
    /** Whether its condition compares something, and so may mean few rows. */
    readonly isPinned: boolean;
  }
  | { readonly kind: "set"; readonly name: string }
  | { readonly kind: "pragma"; readonly name: string }
  | { readonly kind: "transaction"; readonly word: string }
  | OnTable & { readonly kind: "cluster" | "vacuum-full" }
  /** Something that no rule looks at. */
  | { readonly kind: "other"; readonly what: string };

/** One kind of change. */
export type ChangeOf<K extends Change["kind"]> = Extract<Change, { readonly kind: K }>;

/** What a statement does. */
export interface ReadStatement {
  readonly changes: readonly Change[];
  /** The words of the statement that could not be read; `undefined` where all were. */
  readonly unread?: string | undefined;
}

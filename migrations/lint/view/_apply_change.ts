import type {
  Change,
  ChangeOf,
  ColumnDefinition,
  ConstraintDefinition,
  ObjectName,
} from "../read/_change.ts";
import {
  type ColumnView,
  columnView,
  indexView,
  type Origin,
  type SchemaView,
  type TableView,
} from "./_schema_view.ts";

type Appliers = {
  readonly [K in Change["kind"]]?: (
    view: SchemaView,
    change: ChangeOf<K>,
    origin: Origin,
  ) => void;
};

const APPLIERS: Appliers = {
  "create-table": createTable,
  "add-column": (view, { table, column }, origin) => {
    addColumn(view.tableToChange(table), column, origin);
  },
  "modify-column": (view, { table, column }, origin) => {
    const known = view.tableToChange(table);
    known.columns.set(column.name, columnView(column, origin));
  },
  "drop-column": (view, { table, column }) => {
    const known = view.tableToChange(table);
    known.columns.delete(column);
    removeWhere(known.indexes, ({ columns }) => columns.includes(column));
    removeWhere(known.foreignKeys, ({ columns }) => columns.includes(column));
  },
  "rename-table": (view, { table, to }) => {
    const known = view.tableToChange(table);
    view.remove(table);
    known.name = { ...known.name, name: to };
    view.add(known);
  },
  "rename-column": (view, { table, column, to }) => {
    const known = view.tableToChange(table);
    const renamed = known.columns.get(column);
    if (renamed === undefined) return;
    known.columns.delete(column);
    known.columns.set(to, renamed);
  },
  "alter-type": (view, { table, column, type }, origin) => {
    columnOf(view, table, column, origin).type = type;
  },
  "set-not-null": (view, { table, column }, origin) => {
    columnOf(view, table, column, origin).nullable = false;
  },
  "drop-not-null": (view, { table, column }, origin) => {
    columnOf(view, table, column, origin).nullable = true;
  },
  "add-constraint": (view, { table, constraint }, origin) => {
    addConstraint(view.tableToChange(table), constraint, origin);
  },
  "drop-constraint": (view, { table, name, type }) => {
    const known = view.tableToChange(table);
    if (type === "primary-key") known.primaryKey = [];
    if (name === undefined) return;
    removeWhere(known.foreignKeys, (key) => key.name === name);
    removeWhere(known.indexes, (index) => index.name === name);
    known.notNullChecks.delete(name);
  },
  "validate-constraint": (view, { table, name }) => {
    const check = view.tableToChange(table).notNullChecks.get(name);
    if (check !== undefined) check.isValid = true;
  },
  "create-index": (view, { table, index }, origin) => {
    view.tableToChange(table).indexes.push(indexView(index, origin));
  },
  "drop-index": (view, { table, index }) => {
    const known = table === undefined ? view.tableOfIndex(index.name) : view.tableToChange(table);
    if (known !== undefined) removeWhere(known.indexes, ({ name }) => name === index.name);
  },
  "drop-table": (view, { table }) => {
    view.droppedTriggers.set(table.name, view.table(table)?.triggers);
    view.remove(table);
  },
  "create-enum": (view, { type }) => {
    view.newEnums.add(type.name);
  },
  "row-security": (view, { table, change }, origin) => {
    const known = view.tableToChange(table);
    if (change === "force" || change === "no-force") known.isForced = change === "force";
    else known.rowSecurity = { isEnabled: change === "enable", origin };
  },
  "create-policy": (view, { table }, origin) => {
    view.tableToChange(table).policies.push(origin);
  },
  "create-trigger": (view, { table, name }) => {
    view.tableToChange(table).triggers?.add(name);
  },
};

/**
 * Changes the view as a statement changes the schema.
 *
 * @param view the view
 * @param change what the statement does
 * @param origin which statement it is
 */
export function applyChange(view: SchemaView, change: Change, origin: Origin): void {
  const apply = APPLIERS[change.kind] as
    | ((view: SchemaView, change: Change, origin: Origin) => void)
    | undefined;
  apply?.(view, change, origin);
}

function createTable(
  view: SchemaView,
  change: ChangeOf<"create-table">,
  origin: Origin,
): void {
  // What is there already stays as it is.
  if (change.ifNotExists && view.table(change.table)?.origin === undefined) {
    if (view.table(change.table) !== undefined) return;
  }
  const table: TableView = {
    name: change.table,
    origin,
    isEmpty: true,
    isWhole: !change.isDerived,
    isTemporary: change.temporary,
    columns: new Map(),
    primaryKey: [],
    indexes: change.indexes.map((index) => indexView(index, origin)),
    foreignKeys: [],
    notNullChecks: new Map(),
    triggers: new Set(),
    policies: [],
    before: { hasPolicies: false, isSecured: false },
  };
  for (const column of change.columns) addColumn(table, column, origin);
  for (const constraint of change.constraints) addConstraint(table, constraint, origin);
  view.add(table);
}

function addColumn(table: TableView, column: ColumnDefinition, origin: Origin): void {
  table.columns.set(column.name, columnView(column, origin));
  const columns = [column.name];
  if (column.primaryKey) table.primaryKey = columns;
  if (column.unique) {
    table.indexes.push({ name: undefined, columns, unique: true, isPartial: false, origin });
  }
  if (column.references === undefined) return;
  table.foreignKeys.push({
    name: undefined,
    columns,
    references: column.references.table,
    onDelete: column.references.onDelete,
    origin,
  });
}

function addConstraint(
  table: TableView,
  constraint: ConstraintDefinition,
  origin: Origin,
): void {
  const { type, name, columns, references } = constraint;
  if (type === "primary-key" && !constraint.usingIndex) table.primaryKey = columns;
  else if (type === "unique" && !constraint.usingIndex) {
    table.indexes.push({ name, columns, unique: true, isPartial: false, origin });
  } else if (type === "foreign-key" && references !== undefined) {
    table.foreignKeys.push({
      name,
      columns,
      references: references.table,
      onDelete: references.onDelete,
      origin,
    });
  } else if (type === "check" && name !== undefined && constraint.notNullColumns.length > 0) {
    table.notNullChecks.set(name, {
      columns: constraint.notNullColumns,
      isValid: !constraint.notValid,
    });
  }
}

function columnOf(view: SchemaView, table: ObjectName, name: string, origin: Origin): ColumnView {
  const { columns } = view.tableToChange(table);
  let column = columns.get(name);
  if (column === undefined) {
    column = { type: undefined, nullable: undefined, origin };
    columns.set(name, column);
  }
  return column;
}

function removeWhere<T>(list: T[], isRemoved: (item: T) => boolean): void {
  for (let i = list.length - 1; i >= 0; i--) if (isRemoved(list[i]!)) list.splice(i, 1);
}

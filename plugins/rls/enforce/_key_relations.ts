import { parseTableName } from "@kysera/executor";
import type { RLSSchema, TableRLSConfig } from "../contract/policy.ts";
import { defineRLSSchema } from "../policy/define_rls_schema.ts";
import type { ForeignKey } from "./_foreign_keys.ts";

/** The name that the database has for a table that a schema of policies names. */
export type PhysicalName = (name: string) => string;

interface Relation {
  readonly name: string;
  readonly table: string;
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Returns a schema with the relations that foreign keys make, where it declares none of the name. Two
 * keys that would make relations of one name make none: which is meant has to be declared.
 */
export function withKeyRelations<DB>(
  schema: RLSSchema<DB>,
  keys: readonly ForeignKey[],
  physicalName: PhysicalName,
): RLSSchema<DB> {
  const names = Object.keys(schema);
  const listed = (table: string, namespace: string, isVisible: boolean): string | undefined =>
    names.find((each) => {
      const { name, schema: of } = parseTableName(each);
      return same(physicalName(name), table) &&
        (of === undefined ? isVisible : same(physicalName(of), namespace));
    });
  const entries = Object.entries<TableRLSConfig<any, any> | undefined>(schema).map(
    ([table, config]) => {
      const found: Relation[] = keys.flatMap((key) => {
        const [own, other] = [
          listed(key.table, key.schema, key.isVisible),
          listed(key.otherTable, key.otherSchema, key.isOtherVisible),
        ];
        const out: Relation[] = [];
        if (own === table) {
          out.push({
            name: nameOfKey(key),
            table: other ?? qualified(key.otherTable, key.otherSchema, key.isOtherVisible),
            columns: pairs(key.columns, key.otherColumns),
          });
        }
        if (other === table) {
          out.push({
            name: key.table,
            table: own ?? qualified(key.table, key.schema, key.isVisible),
            columns: pairs(key.otherColumns, key.columns),
          });
        }
        return out;
      });
      const once = found.filter(({ name }, i) =>
        found.every((other, j) => i === j || other.name !== name)
      );
      if (once.length === 0) return [table, config] as const;
      const relations = {
        ...Object.fromEntries(once.map(({ name, ...relation }) => [name, relation])),
        ...config?.relations,
      };
      return [table, { ...config, relations }] as const;
    },
  );
  // The tables are those of the schema, which are of this type.
  return defineRLSSchema<any>(Object.fromEntries(entries)) as RLSSchema<DB>;
}

/** `project_id` makes the relation "project"; several columns, or another name, the other table's. */
function nameOfKey({ columns, otherTable }: ForeignKey): string {
  const [column] = columns;
  const match = columns.length === 1 ? /^(.+?)(?:_id|Id|ID)$/.exec(column!) : null;
  return match === null ? otherTable : match[1]!;
}

function pairs(own: readonly string[], theirs: readonly string[]): Record<string, string> {
  return Object.fromEntries(own.map((column, i) => [column, theirs[i]!]));
}

function qualified(table: string, schema: string, isVisible: boolean): string {
  return isVisible ? table : `${schema}.${table}`;
}

/** Letter case is the catalog's: two names that differ in nothing else are taken for one. */
function same(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}

import { parseTableName } from "@kysera/executor";
import type { ColumnRule, RLSSchema, TableRLSConfig } from "../contract/policy.ts";
import {
  checkRelations,
  relatedColumns,
  type RelatedName,
  type TablePolicies,
  unknownRelation,
  unknownRelations,
} from "./_relation_graph.ts";
import type { Relation, Relations } from "./_relation_sql.ts";
import type { CompiledTable } from "./policy_registry.ts";

/** The relations of a schema of policies. */
export class SchemaRelations implements Relations {
  readonly #configs: ReadonlyMap<string, TableRLSConfig<any>>;
  readonly policiesOf: (table: string) => CompiledTable | undefined;

  /**
   * @param schema the schema, as `defineRLSSchema` has checked it
   * @param policiesOf returns the policies of a table, compiled
   */
  constructor(
    schema: RLSSchema<any>,
    policiesOf: (table: string) => CompiledTable | undefined = () => undefined,
  ) {
    this.#configs = new Map(
      Object.entries<TableRLSConfig<any> | undefined>(schema)
        .map(([table, config]) => [table, config!]),
    );
    this.policiesOf = policiesOf;
  }

  hasPolicies(table: string): boolean {
    return this.#configs.has(table);
  }

  relationOf(table: string, name: string): Relation | undefined {
    return relationOf(this.#configs, table, name);
  }

  /** Checks that no policy leads back to where it began. @throws {RLSSchemaError} */
  check(): void {
    checkRelations(this.#policies(), this);
  }

  /**
   * Checks that every relation which a policy follows is known.
   *
   * @param wayOut what else to do than to declare it
   * @throws {RLSSchemaError} for one that is not
   */
  mustKnowAll(wayOut: string): void {
    for (const { table, relation } of unknownRelations(this.#policies(), this)) {
      throw unknownRelation(table, relation, this.#configs.get(table), wayOut);
    }
  }

  /** Whether some policy follows a relation that is not declared, or may, as a function. */
  mayNeedForeignKeys(): boolean {
    return unknownRelations(this.#policies(), this).length > 0 ||
      this.#policies().some(({ policies }) =>
        policies.some(({ condition, check }) =>
          [condition, check].some((each) => typeof each === "function" && each.length > 1)
        )
      );
  }

  /**
   * Checks that PostgreSQL can follow the relations of the policies: it looks at no table again that
   * it has come from, whatever for.
   *
   * @throws {RLSSchemaError} where it would
   */
  checkForPostgres(): void {
    checkRelations(this.#policies(), this, (a, b) => a.table === b.table);
  }

  /** Returns the names that relations, and conditions on related rows, have for tables and columns. */
  names(): readonly RelatedName[] {
    return [
      ...[...this.#configs].flatMap(([table, { relations = {} }]) =>
        Object.keys(relations).flatMap((name): RelatedName[] => {
          const { table: other, columns } = this.relationOf(table, name)!;
          const where = `${table}.relations.${name}`;
          return columns.flatMap(([own, theirs]) => [
            { where, table, column: own },
            { where, table: other, column: theirs },
          ]);
        })
      ),
      ...relatedColumns(this.#policies(), this),
    ];
  }

  #policies(): readonly TablePolicies[] {
    return [...this.#configs].map(([table, { policies, columns = {} }]) => {
      const rules = Object.entries<ColumnRule<any> | undefined>(columns)
        .flatMap(([column, rule]) =>
          rule?.read === undefined ? [] : [
            {
              type: "filter",
              operation: ["read"],
              condition: rule.read,
              name: `columns.${column}`,
            } as const,
          ]
        );
      return { table, policies: [...policies, ...rules] };
    });
  }
}

function relationOf(
  configs: ReadonlyMap<string, TableRLSConfig<any>>,
  table: string,
  name: string,
): Relation | undefined {
  const relations = configs.get(table)?.relations;
  if (relations === undefined || !Object.hasOwn(relations, name)) return undefined;
  const { table: other, columns } = relations[name]!;
  const { schema } = parseTableName(table);
  const beside = schema === undefined || other.includes(".") ? other : `${schema}.${other}`;
  return {
    name,
    // Of a table that is named with its schema the relations are in that schema.
    table: configs.has(beside) || !configs.has(other) ? beside : other,
    // Each pair was looked at.
    columns: Object.entries(columns as Readonly<Record<string, string>>),
  };
}

import { type Outcome, TASKS } from "./_judge.ts";

/** A library, and how the condition is declared with it. */
export interface Library {
  readonly name: string;
  /** Its file in `programs/`. */
  readonly program: string;
  /** Its package; Kysera is run from the sources. */
  readonly npm?: { readonly name: string; readonly version: string };
  readonly how: string;
  /** Where its documentation says so. */
  readonly source: string;
}

/** The libraries that are compared. */
export const LIBRARIES: readonly Library[] = [
  {
    name: "Kysera",
    program: "kysera.mjs",
    how: 'the plugin `softDeletePlugin()`, with `rawSql: "deny"`',
    source: "../plugins/soft-delete/README.md",
  },
  {
    name: "ZenStack",
    program: "zenstack.mjs",
    npm: { name: "@zenstackhq/orm", version: "3.9.4" },
    how: "an access policy, `@@allow`, on each model",
    source: "https://zenstack.dev/docs/orm/access-control/query",
  },
  {
    name: "Drizzle",
    program: "drizzle.mjs",
    npm: { name: "drizzle-orm", version: "0.45.4" },
    how: "`pgPolicy` on each table: policies of PostgreSQL, for the role of the application",
    source: "https://orm.drizzle.team/docs/rls",
  },
  {
    name: "MikroORM",
    program: "mikro-orm.mjs",
    npm: { name: "@mikro-orm/libsql", version: "7.2.2" },
    how: "a filter of each entity that is on by default",
    source:
      "https://github.com/mikro-orm/mikro-orm/blob/c1025b9de77d59f43e4786cbc56a792134bf8696/docs/docs/filters.md",
  },
  {
    name: "Prisma",
    program: "prisma.mjs",
    npm: { name: "prisma", version: "7.10.0" },
    how: "a client extension that adds it to `where` of all operations",
    source: "https://www.prisma.io/docs/orm/prisma-client/client-extensions/query",
  },
  {
    name: "TypeORM",
    program: "typeorm.mjs",
    npm: { name: "typeorm", version: "1.1.1" },
    how: "`@DeleteDateColumn` in each entity",
    source: "https://github.com/typeorm/typeorm/issues/9344",
  },
];

const WORDS = { holds: "yes", leaks: "**no**", refused: "refused" };

/**
 * Returns the page.
 *
 * @param outcomes by library and task
 * @param version of Kysera
 * @param date when it was run
 */
export function page(
  outcomes: ReadonlyMap<string, Readonly<Record<string, Outcome>>>,
  version: string,
  date: Date,
): string {
  const day = date.toLocaleDateString("en-GB", { dateStyle: "long", timeZone: "UTC" });
  const refusals = LIBRARIES.flatMap(({ name }) =>
    Object.entries(outcomes.get(name)!).flatMap(([task, { error }]) =>
      error === undefined ? [] : [`- ${name}, ${TASKS[task]!.title}: \`\` ${error} \`\``]
    )
  );
  return `# One condition, and where it holds

Written by \`deno task bench:conditions --write\` on ${day}.

## Where it holds

Deleted rows do not exist: that condition is declared once, in the way that each library documents,
and then the same is done with each. "yes": nothing of a deleted row is read or changed; "**no**":
something is; "refused": the library throws, and nothing is done; where there is nothing, the library
has no such thing. The name of a library is the program that was run.

${
    table(
      [
        "",
        ...LIBRARIES.map(({ name, program }) =>
          `[${name}](../bench/conditions/programs/${program})`
        ),
      ],
      Object.entries(TASKS).map(([task, { title }]) => [
        title,
        ...LIBRARIES.map(({ name }) => {
          const outcome = outcomes.get(name)![task];
          return outcome === undefined ? "" : WORDS[outcome.verdict];
        }),
      ]),
    )
  }

| library | version | how the condition is declared once |
| --- | --- | --- |
${
    LIBRARIES.map(({ name, npm, how, source }) =>
      `| [${name}](${source}) | ${npm?.version ?? version} | ${how} |`
    ).join("\n")
  }

What they say where they refuse:

${refusals.join("\n")}

Drizzle's policies are those of PostgreSQL: they hold for whatever comes over a connection with that
role, raw SQL included, and on no other database. The others work above the database, on each that
they support. MikroORM leaves out a book whose author is deleted as well, wherever it reads books.
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}

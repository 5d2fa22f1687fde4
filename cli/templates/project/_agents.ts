import type { ProjectChoice } from "./_choice.ts";

/** How the members of a project, assistants among them, use Kysera. */
export function agentsFile({ plugins, runtime, template }: ProjectChoice): string {
  const run = { deno: "deno task", node: "npm run", bun: "bun run" }[runtime];
  const hasTimestamps = plugins.includes("timestamps");
  const hasSoftDelete = plugins.includes("soft-delete");
  return `# How to work on this project

Data access is by [Kysera](https://kysera.github.io/kysera/): Kysely with plugins that are enforced on
every query. The documentation as text: https://kysera.github.io/kysera/llms.txt

## Commands

\`\`\`sh
${run} migrate                     # apply the migrations
${run} test
${run} types                       # write src/types.ts anew, after a migration
kysera migrate create <name>       # a new migration; never edit one that is applied
kysera migrate plan                # the SQL that would be sent; nothing is changed
kysera migrate lint                # what would lose data or stop others
kysera doctor                      # indexes, keys, policies and times that are wrong
\`\`\`

## Rules

- There is one executor, made in \`src/database.ts\`. Use it instead of a Kysely instance, and export
  no other.
- Write with the query builder, or a repository. Names of tables and columns never come from users'
  input; values always go in as values, never into the text of \`sql\`.
- \`getRawDb(executor)\` bypasses every plugin. Do not use it, unless a comment says why.
${
    hasSoftDelete
      ? "- Rows are deleted with `softDelete()`, or the repository's method: `deleteFrom` removes them. Write no\n" +
        '  `where("deleted_at", "is", null)`: the plugin adds it, to joins and subqueries as well.\n'
      : ""
  }${
    hasTimestamps
      ? "- `created_at` and `updated_at` are set by the plugin. Give no values for them.\n"
      : ""
  }- What belongs together runs in \`withTransaction()\` of \`@kysera/dal\`, on its \`tx.db\`.
- Errors are told apart by \`error.code\`, never by their messages.
- A change of the schema is a new migration, with \`down\`, and \`src/types.ts\` written anew in the same
  commit.
- A change of behavior comes with a test in \`test/\` that fails without it.${
    template === "api" ? " Routes are tested through `app.request()`." : ""
  }
`;
}

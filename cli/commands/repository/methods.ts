import { type Command, defineCommand } from "../../program/_command.ts";
import { flag, text } from "../../contract/_options.ts";
import { matcherOf } from "../../files/_matcher.ts";
import { methodsOf, type RepositoryMethod } from "../../repositories/_methods.ts";
import { NONE, REPOSITORY_OPTIONS, withRepositories } from "./_open_repositories.ts";

/** `kysera repository methods`. */
export const command: Command = defineCommand({
  description:
    "`repository` are the methods that any repository has, and `own` those of the project.",
  options: {
    repository: text("-r, --repository <name>", "only this one, by its name or its table"),
    groupBy: text("-g, --group-by <what>", "what methods stand together by", {
      choices: ["from", "none"],
      default: "from",
    }),
    filter: text("--filter <glob>", "only methods of such names: find*"),
    markdown: flag("--markdown", "print a table for a README"),
    ...REPOSITORY_OPTIONS,
  },
  examples: [
    ["kysera repository methods -r users", "see what can be called"],
    ["kysera repository methods --filter '*Delete*'", "see what plugins add for deleting"],
  ],
  async run({ context, options }) {
    const isMeant = matcherOf(options.filter, undefined);
    const request = { ...options, name: options.repository };
    return await withRepositories(context, request, (found, db) => {
      const repositories = found.map((each) => ({
        name: each.name,
        file: each.file,
        table: each.table,
        methods: methodsOf(each, db).filter(({ name }) => isMeant(name)),
      }));
      const { bold, dim } = context.colors;
      const shown = repositories.map(({ name, table, methods }) =>
        options.markdown
          ? `### ${name}\n\n${markdown(methods)}`
          : `${bold(name)} ${dim(table)}\n${
            options.groupBy === "none"
              ? methods.map((method) => `  ${method.name}`).join("\n")
              : grouped(methods).map(([from, names]) => `  ${dim(from)}\n    ${names.join(", ")}`)
                .join("\n")
          }`
      );
      return Promise.resolve({
        data: { repositories },
        text: shown.length === 0 ? NONE : shown.join("\n\n"),
      });
    });
  },
});

function grouped(methods: readonly RepositoryMethod[]): [from: string, names: string[]][] {
  const groups = new Map<string, string[]>();
  for (const { name, from } of methods) groups.set(from, [...groups.get(from) ?? [], name]);
  return [...groups].sort(([a], [b]) => a < b ? -1 : 1);
}

function markdown(methods: readonly RepositoryMethod[]): string {
  const rows = methods.map(({ name, from }) => `| \`${name}\` | ${from} |`);
  return ["| method | from |", "| ------ | ---- |", ...rows].join("\n");
}

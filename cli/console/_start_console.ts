import { detectDialect } from "@kysera/core";
import { readSchema } from "@kysera/migrations/schema";
import type { Kysely } from "kysely";
import process from "node:process";
import { createInterface } from "node:readline";
import type { Context } from "../program/_context.ts";
import { messageOf } from "../contract/_message_of.ts";
import { divided } from "./_statements_of.ts";
import { isCode, runLine } from "./_run_line.ts";

const WORDS = [
  ...["select", "from", "where", "insert into", "update", "delete from", "order by", "group by"],
  ...["limit", "join", "left join", "values", "set", "returning", "count(*)", "and", "or", "not"],
  ...["db.selectFrom(", "db.insertInto(", "db.updateTable(", "db.deleteFrom(", "sql`"],
];

/** Reads lines from the terminal and runs them, until the input ends or `.exit` is typed. */
export async function startConsole(
  context: Context,
  db: Kysely<any>,
  label: string,
): Promise<void> {
  const dialect = detectDialect(db);
  const { tables, views } = await readSchema(db);
  const names = [...tables, ...views].flatMap(({ name, columns }) => [
    name,
    ...columns.map((column) => column.name),
  ]);
  const words = [...new Set([...names, ...WORDS, ".exit", ".tables"])];
  const terminal = createInterface({
    input: process.stdin,
    output: process.stdout,
    historySize: 1000,
    removeHistoryDuplicates: true,
    prompt: "kysera> ",
    completer: (line: string) => {
      const word = /[\w.]*$/.exec(line)![0];
      return [words.filter((each) => each.startsWith(word)), word];
    },
  });
  context.onEnd(() => terminal.close());
  context.say(`${label}. End a statement with a semicolon; .tables lists tables, .exit ends.`);
  let before = "";
  // What is being typed is dropped first; the next Ctrl-C ends the console.
  terminal.on("SIGINT", () => {
    if (before === "" && terminal.line === "") return terminal.close();
    before = "";
    prompt(terminal, "kysera> ");
  });
  terminal.prompt();
  for await (const line of terminal) {
    if (before === "" && line.trim() === ".exit") break;
    if (before === "" && line.trim() === ".tables") {
      await print(context, [...tables, ...views].map(({ name }) => name).join("\n"));
    } else if (before === "" && isCode(line)) await runAndPrint(context, db, line);
    else {
      const { statements, rest } = divided(`${before}${line}\n`, dialect);
      for (const statement of statements) await runAndPrint(context, db, statement);
      before = rest.trim() === "" ? "" : rest;
    }
    prompt(terminal, before === "" ? "kysera> " : "   ...> ");
  }
  terminal.close();
}

function prompt(terminal: ReturnType<typeof createInterface>, text: string): void {
  terminal.setPrompt(text);
  terminal.prompt();
}

async function runAndPrint(context: Context, db: Kysely<any>, line: string): Promise<void> {
  try {
    await print(context, (await runLine(db, line, context.colors)).text);
  } catch (error) {
    await print(context, context.colors.red(messageOf(error)));
  }
}

async function print(context: Context, text: string): Promise<void> {
  await context.host.stdout.write(`${text}\n`);
}

/**
 * `deno task demo`: shows what the executor makes of queries, on an in-memory database.
 *
 * @module
 */
import process from "node:process";
import { runDemo } from "./demo.ts";
import { Screen } from "./screen.ts";

const { stdout, env } = process;
const screen = new Screen({
  columns: stdout.columns ?? (Number(env["COLUMNS"]) || 80),
  colors: stdout.isTTY ? !env["NO_COLOR"] : !!env["FORCE_COLOR"],
  write: (line) => console.log(line),
});
const { steps, statements, compared, differences, refused } = await runDemo(screen);

screen.heading(
  `${steps} steps, ${statements} statements.`,
  `In ${differences} of ${compared} queries bare Kysely shows, counts or changes rows that the ` +
    `library had deleted. The executor let none of them through: ${
      compared - refused
    } queries ran ` +
    `with the conditions, ${refused} was refused.`,
);
screen.text("How every other kind of query is treated is a table in docs/bypass.md.");

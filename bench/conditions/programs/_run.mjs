/** The data of every program, and how its results are told. */

export const SCHEMA = [
  "create table authors (id integer primary key, name text not null, deleted_at text)",
  `create table books (
    id integer primary key, author_id integer not null references authors (id),
    title text not null, deleted_at text
  )`,
  `insert into authors (id, name, deleted_at) values (1, 'Ada', null), (2, 'Bob', '2026-01-01')`,
  `insert into books (id, author_id, title, deleted_at)
    values (1, 1, 'Emma', null), (2, 1, 'Gone', '2026-01-01'), (3, 2, 'Lost', null)`,
];

/**
 * Runs the tasks, each on a database of its own, and prints what each has found as JSON.
 *
 * @param open opens a library on a new database: `{ use, rows, close }`, where `rows` reads all books
 * without the library
 * @param tasks by their name, a function of what `open` gives as `use`; one that the library has no
 * API for is left out
 */
export async function report(open, tasks) {
  const found = {};
  for (const [name, task] of Object.entries(tasks)) {
    const { use, rows, close } = await open();
    try {
      const result = await task(use).then((value) => ({ value }), (error) => ({
        error: String((error?.cause ?? error).message).split("\n").filter(Boolean).at(-1),
      }));
      found[name] = { ...result, books: await rows() };
    } finally {
      await close();
    }
  }
  console.log(`RESULT ${JSON.stringify(found)}`);
}

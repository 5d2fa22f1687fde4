import { detectDialect } from "@kysera/core";
import { getRawDb } from "@kysera/executor";
import type { Kysely } from "kysely";
import { integer } from "../../contract/_options.ts";
import type { Metrics } from "../../health/_metrics.ts";
import { readMetrics } from "../../health/_read_metrics.ts";
import { type Command, defineCommand } from "../../program/_command.ts";

/** `kysera health metrics`. */
export const command: Command = defineCommand({
  description:
    "What the server says of its work, and how long an empty query takes. What a program counts of its " +
    "own queries is in that program: see getMetrics() of @kysera/infra.",
  options: {
    samples: integer("--samples <n>", "how many empty queries are timed", {
      least: 1,
      default: 10,
    }),
  },
  examples: [
    ["kysera health metrics", "see how the server does"],
    ["kysera health metrics --json", "for a program; times are in ms, sizes in bytes"],
  ],
  async run({ context, options }) {
    const { db, target } = await context.open({ missing: "refuse" });
    const raw: Kysely<any> = getRawDb(db).withoutPlugins();
    const metrics = await readMetrics(raw, detectDialect(db), options.samples);
    return { data: { database: target.label, ...metrics }, text: metricsText(metrics) };
  },
});

function metricsText(
  { latency, connections, size, cacheHits, transactions, oldest, waiting }: Metrics,
): string {
  const rows: [string, string | null][] = [
    ["Latency", `${latency.median} ms (${latency.least} to ${latency.most})`],
    [
      "Connections",
      connections === null
        ? null
        : `${connections.open} of ${connections.most}, ${connections.active} active`,
    ],
    ["Waiting for locks", waiting === null ? null : String(waiting)],
    ["Oldest transaction", oldest === null ? null : `${Math.round(oldest)} ms`],
    [
      "Transactions",
      transactions === null
        ? null
        : `${transactions.committed} committed, ${transactions.rolledBack} rolled back, ` +
          `${transactions.deadlocks} deadlocks`,
    ],
    ["Found in memory", cacheHits === null ? null : `${Math.round(cacheHits * 1000) / 10} %`],
    ["Size", size === null ? null : `${Math.round(size / 1024).toLocaleString("en")} KiB`],
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.filter(([, value]) => value !== null).map(([name, value]) =>
    `${name.padEnd(width)}  ${value}`
  ).join("\n");
}

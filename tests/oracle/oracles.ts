/** The oracles of what is hidden, for whoever runs them for longer than the tests do. */
import type { TestDialect, TestDialectName } from "../support/matrix.ts";
import { capabilitiesOf } from "./capabilities.ts";
import { DalWorld } from "./dal.ts";
import { scripts } from "./dal_script.ts";
import { pairs, PreparedWorld } from "./prepared.ts";
import { sequences } from "./repository/generate.ts";
import * as repositories from "./repository/subjects.ts";
import { data } from "./repository/tables.ts";
import { RepositoryWorld } from "./repository/world.ts";
import { type RunOptions, runOracle, type RunReport } from "./run.ts";
import { besideCompiling, plain, variants } from "./subjects.ts";

/** How long, and from where. */
export type Effort = Pick<RunOptions, "dialect" | "runs" | "seed" | "path" | "until" | "shrink">;

export type Report = Pick<RunReport, "runs" | "outcomes">;

/** One way to find out whether something hidden is seen. */
export interface Oracle {
  /** What runs through it. */
  readonly name: string;
  readonly subject: string;
  /** The dialects that it is for. Default: all. */
  readonly dialects?: readonly TestDialectName[] | undefined;
  run(effort: Effort): Promise<Report>;
}

const queries = [plain, ...variants].map((subject): Oracle => ({
  name: "queries",
  subject: subject.name,
  run: (effort) => runOracle({ ...effort, subject }),
}));

const prepared = [
  ...[plain, ...variants].map((subject) => [subject] as const),
  ...pairs,
].map(([one, other]): Oracle => ({
  name: "prepared",
  subject: one.name,
  run: (effort) =>
    runOracle({
      ...effort,
      open: (dialect) => PreparedWorld.open(dialect, one, other),
      file: "tests/oracle/prepared_test.ts",
    }),
}));

const dal = [plain, besideCompiling].map((subject): Oracle => ({
  name: "dal",
  subject: subject.name,
  run: (effort) =>
    runOracle({
      ...effort,
      open: (dialect) => DalWorld.open(dialect, subject),
      cases: scripts(capabilitiesOf(effort.dialect)),
      file: "tests/oracle/dal_test.ts",
    }),
}));

/** How random calls of repositories are compared with their model. */
export function repositoryOracle(
  subject: repositories.RepositorySubject,
): Oracle {
  return {
    name: "repositories",
    subject: subject.name,
    run: (effort) =>
      runOracle({
        ...effort,
        open: (dialect: TestDialect) => RepositoryWorld.open(dialect, subject),
        cases: sequences({ streams: effort.dialect.name !== "pglite" }),
        data,
        batch: 10,
        file: "tests/oracle/repository/repository_test.ts",
      }),
  };
}

export const oracles: readonly Oracle[] = [
  ...queries,
  ...prepared,
  ...dal,
  ...[repositories.plain, repositories.tenants, ...repositories.variants].map(repositoryOracle),
];

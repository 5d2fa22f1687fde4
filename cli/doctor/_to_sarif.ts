import { VERSION } from "../contract/_version.ts";
import { CHECKS } from "./_all_checks.ts";
import type { Finding, Severity } from "./_check.ts";

const LEVELS: Readonly<Record<Severity, string>> = {
  error: "error",
  warning: "warning",
  info: "note",
};

/** Where findings are shown: a database has no files, and tools want one. */
export interface SarifPlace {
  /** The configuration, from the root of the repository on. */
  readonly file: string | undefined;
  /** The database, without its password. */
  readonly database: string;
}

/** Returns findings as a log of SARIF 2.1.0. */
export function toSarif(findings: readonly Finding[], { file, database }: SarifPlace): string {
  const used = CHECKS.filter(({ id }) => findings.some(({ check }) => check === id));
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{
      tool: {
        driver: {
          name: "kysera doctor",
          semanticVersion: VERSION,
          informationUri: "https://github.com/kysera/kysera/tree/main/cli#readme",
          rules: used.map(({ id, severity, reason }) => ({
            id,
            shortDescription: { text: reason },
            defaultConfiguration: { level: LEVELS[severity] },
          })),
        },
      },
      columnKind: "utf16CodeUnits",
      results: findings.map(({ check, severity, table, message, reason, fix }) => ({
        ruleId: check,
        ruleIndex: used.findIndex(({ id }) => id === check),
        level: LEVELS[severity],
        message: { text: `${message}. ${reason} Instead: ${fix}` },
        locations: [{
          ...file === undefined
            ? {}
            : { physicalLocation: { artifactLocation: { uri: encodeURI(file) } } },
          logicalLocations: [{
            name: table ?? database,
            fullyQualifiedName: table === undefined ? database : `${database}#${table}`,
            kind: table === undefined ? "database" : "table",
          }],
        }],
        // The same finding of the next run.
        partialFingerprints: { "kyseraDoctor/v1": `${check}/${table ?? ""}/${message}` },
      })),
    }],
  };
  return JSON.stringify(log, null, 2);
}

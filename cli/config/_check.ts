import { didYouMean } from "@kysera/core";
import { usageError } from "../contract/_cli_error.ts";

/** What a key of the configuration may hold. */
type Kind = "text" | "number" | "boolean" | "function" | "object" | Shape;

/** The keys of an object. */
interface Shape {
  readonly [key: string]: readonly Kind[];
}

const TEXT = ["text"] as const;
const NUMBER = ["number"] as const;

const POOL: Shape = {
  min: NUMBER,
  max: NUMBER,
  idleTimeoutMillis: NUMBER,
  acquireTimeoutMillis: NUMBER,
};

const ENVIRONMENT: Shape = {
  database: [{
    connection: TEXT,
    dialect: TEXT,
    database: TEXT,
    host: TEXT,
    port: NUMBER,
    user: TEXT,
    password: TEXT,
    ssl: ["boolean", "object"],
    pool: [POOL],
    debug: ["boolean"],
    kysely: ["function"],
  }],
  migrations: [{
    directory: TEXT,
    placeholders: ["object", "boolean"],
    tableName: TEXT,
    schema: TEXT,
    lockTimeout: NUMBER,
    tableLockTimeout: NUMBER,
    tableLockRetries: NUMBER,
    templates: TEXT,
    policy: TEXT,
  }],
  seeds: [{ directory: TEXT }],
  lint: [{
    rules: ["object"],
    targetVersion: TEXT,
    emptyTables: ["object"],
    plugins: ["object"],
  }],
  mcp: [{ principal: ["object"], maxRows: NUMBER, timeout: NUMBER }],
  policies: [{ principals: ["object"] }],
  doctor: [{
    ignore: ["object"],
    tenantColumns: ["object"],
    keysets: ["object"],
    keys: ["object"],
  }],
};

/** Keys of other versions, which say nothing any more; they are told of, and not refused. */
const FORMER = [
  ...["plugins", "health", "testing", "logging", "generate"],
  ...["migrations.pattern", "migrations.lockTable"],
];

const NAMES: Readonly<Record<string, string>> = {
  text: "a text",
  number: "a number",
  boolean: "true or false",
  function: "a function",
  object: "an object",
};

/**
 * Throws if a configuration has a key that does not exist, or a value of the wrong kind: what is
 * misspelt would otherwise do nothing.
 *
 * @returns warnings about keys that say nothing
 */
export function checkConfig(config: unknown, file: string): string[] {
  const warnings: string[] = [];
  if (!isObject(config)) {
    throw usageError(`${file} has to export an object by default`, {
      hint: "Write `export default defineConfig({ .. })`.",
    });
  }
  const { environments, ...rest } = config;
  checkShape(rest, ENVIRONMENT, "", ["environments"]);
  if (environments === undefined) return warnings;
  if (!isObject(environments)) throw usageError(`${file}: "environments" has to be an object`);
  for (const [name, environment] of Object.entries(environments)) {
    checkValue(environment, [ENVIRONMENT], `environments.${name}`);
  }
  return warnings;

  function checkShape(value: object, shape: Shape, path: string, more: string[] = []): void {
    for (const [key, child] of Object.entries(value)) {
      const name = path === "" ? key : `${path}.${key}`;
      const kinds = Object.hasOwn(shape, key) ? shape[key] : undefined;
      if (kinds !== undefined) checkValue(child, kinds, name);
      else if (FORMER.includes(name.replace(/^environments\.[^.]+\./, ""))) {
        warnings.push(`${file}: "${name}" does nothing in this version.`);
      } else {
        const keys = [...Object.keys(shape), ...more];
        throw usageError(`${file} has no key "${name}"${didYouMean(key, keys)}`, {
          hint: `The keys are ${keys.map((each) => `"${each}"`).join(", ")}.`,
        });
      }
    }
  }

  function checkValue(value: unknown, kinds: readonly Kind[], name: string): void {
    if (value === undefined) return;
    const type = typeof value === "string" ? "text" : typeof value;
    for (const kind of kinds) {
      if (typeof kind === "object") {
        if (!isObject(value)) continue;
        return checkShape(value, kind, name);
      }
      if (type === kind) return;
    }
    const wanted = kinds.map((kind) => NAMES[typeof kind === "string" ? kind : "object"]);
    throw usageError(`${file}: "${name}" has to be ${wanted.join(" or ")}`);
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

import { BadRequestError } from "@kysera/core";
import {
  createContext,
  type DbContext,
  isDbContext,
  type TransactionOptions,
  withTransaction,
} from "@kysera/dal";
import {
  type AnyKysely,
  bindContext,
  getContext,
  getMetadata,
  getPlugins,
  isKyseraExecutor,
  joinTransaction,
  kyselyOf,
  withMetadata,
} from "@kysera/executor";
import { type Kysely, type Transaction, WithSchemaPlugin } from "kysely";
import { type Aggregates, aggregates } from "./_aggregates.ts";
import { moved, type MovedSource } from "./_moved.ts";
import { readById, type Reads, reads } from "./_reads.ts";
import { type Definition, Table } from "./_table.ts";
import { type Writes, writes } from "./_writes.ts";
import { DEFINITION } from "./describe_repository.ts";
import { relatedMethods } from "./relations/_lazy_methods.ts";

/** The instance set to the schema of the table; one that is set to a schema already stays. */
export function inSchema(db: Kysely<any>, { schema }: Definition): Kysely<any> {
  if (schema === undefined) return db;
  const isSet = db.getExecutor().plugins.some((plugin) => plugin instanceof WithSchemaPlugin);
  return isSet ? db : db.withSchema(schema);
}

/** The repository, with what plugins add to it. */
export function build(definition: Definition, db: Kysely<any>, signal?: AbortSignal): object {
  const moves: Moves = { known: undefined };
  const parts = new Parts(definition, db, signal, moves);
  const repository = plain(parts);
  const whole = extended(repository, db);
  moves.known = membersOf(parts, repository, whole);
  return whole;
}

/** What is known of the members that a repository has on every instance of an executor. */
interface Members {
  readonly names: ReadonlySet<PropertyKey>;
  /** Where those are from that no plugin has added or replaced. */
  readonly apart: ReadonlyMap<PropertyKey, Part>;
}

/** What is known of the repository on other instances; of those as well. */
interface Moves {
  /** `undefined` where a plugin has to see each repository. */
  known: Members | undefined;
}

/** Members of a repository that are made together. */
type Part = "data" | "reading" | "writing" | "computing" | "moving";
const PARTS: readonly Part[] = ["data", "reading", "writing", "computing", "moving"];

/** @returns `undefined` where a plugin may change other members on another instance */
function membersOf(parts: Parts, plain: object, whole: object): Members | undefined {
  const areAlike = getPlugins(parts.db).every(({ extendRepository, extendsAlike }) =>
    extendRepository === undefined || extendsAlike === true
  );
  if (!areAlike) return undefined;
  const apart = PARTS.flatMap((part) =>
    Reflect.ownKeys(parts[part])
      // Relations replace some as well.
      .filter((name) => {
        const member = Reflect.get(parts[part], name);
        return Reflect.get(plain, name) === member && Reflect.get(whole, name) === member;
      })
      .map((name) => [name, part] as const)
  );
  return { names: new Set(Reflect.ownKeys(whole)), apart: new Map(apart) };
}

function extended(repository: object, db: Kysely<any>): object {
  return getPlugins(db).reduce<object>(
    (extended, plugin) => plugin.extendRepository?.(extended) ?? extended,
    repository,
  );
}

/** Returns what the plugins of an executor add to a repository, or replace. */
export function extensions(
  definition: Definition,
  db: Kysely<any>,
): Readonly<Record<string, unknown>> {
  const repository = plain(new Parts(definition, db, undefined, { known: undefined }));
  return Object.fromEntries(
    Object.entries(extended(repository, db)).filter(([name, method]) =>
      !Object.hasOwn(repository, name) || Reflect.get(repository, name) !== method
    ),
  );
}

/** What a repository is made of on one executor instance, as far as it was asked for. */
class Parts implements MovedSource {
  readonly definition: Definition;
  readonly db: Kysely<any>;
  readonly signal: AbortSignal | undefined;
  readonly moves: Moves;
  #table: Table | undefined;
  #findById: Reads["findById"] | undefined;
  #reads: Reads | undefined;
  #reading: Reads | undefined;
  #writing: Writes | undefined;
  #computing: Aggregates | undefined;
  #moving: Moving | undefined;

  constructor(
    definition: Definition,
    db: Kysely<any>,
    signal: AbortSignal | undefined,
    moves: Moves,
  ) {
    this.definition = definition;
    this.db = db;
    this.signal = signal;
    this.moves = moves;
  }

  get table(): Table {
    return this.#table ??= new Table(this.definition, this.db, this.signal);
  }

  get findById(): Reads["findById"] {
    return this.#findById ??= readById(this.table);
  }

  get #allReads(): Reads {
    return this.#reads ??= reads(this.table, this.findById);
  }

  get data(): Readonly<Record<PropertyKey, unknown>> {
    const { definition, db: executor } = this;
    const { tableName, primaryKey, codecs } = definition;
    return { executor, tableName, primaryKey, codecs, [DEFINITION]: definition };
  }

  get reading(): Reads {
    return this.#reading ??= knowing(this.table, this.#allReads);
  }

  get writing(): Writes {
    if (this.#writing === undefined) {
      const { changeAll: _, ...all } = writes(this.table, this.#allReads);
      this.#writing = knowing(this.table, all);
    }
    return this.#writing;
  }

  get computing(): Aggregates {
    return this.#computing ??= knowing(this.table, aggregates(this.table));
  }

  get moving(): Moving {
    return this.#moving ??= moving(this);
  }

  // A repository is moved where its members are known.

  get names(): ReadonlySet<PropertyKey> {
    return this.moves.known!.names;
  }

  has(name: PropertyKey): boolean {
    return this.moves.known!.apart.has(name);
  }

  member(name: PropertyKey): unknown {
    const part = this.moves.known!.apart.get(name)!;
    // By far the most common.
    if (name === "findById" && !this.table.readsTypes) return this.findById;
    return Reflect.get(this[part], name);
  }

  whole(): object {
    return extended(plain(this), this.db);
  }

  /** Returns the repository on another instance. */
  on(handle: Kysely<any>, signal: AbortSignal | undefined = this.signal): object {
    const { definition, moves } = this;
    const there = inSchema(handle, definition);
    return moves.known === undefined
      ? build(definition, there, signal)
      : moved(new Parts(definition, there, signal, moves));
  }
}

/** The object itself: plain, so that plugins may copy it to add to it. */
function plain(parts: Parts): object {
  const { definition: { relations }, table, reading, writing, computing } = parts;
  const methods = { ...reading, ...writing, ...computing };
  return {
    ...parts.data,
    ...methods,
    ...relations === undefined ? {} : relatedMethods(table, relations, methods),
    ...parts.moving,
  };
}

/** The methods that give the repository on another instance. */
interface Moving {
  on(handle: AnyKysely<any>): object;
  withTransaction(transaction: AnyKysely<any> | DbContext): object;
  transaction(
    fn: (transaction: Transaction<any>, repository: object) => unknown,
    options?: TransactionOptions,
  ): Promise<unknown>;
}

function moving(parts: Parts): Moving {
  const { db, signal } = parts;
  return {
    on: (handle) => parts.on(sameExecutor(kyselyOf(handle), db)),
    withTransaction: (transaction) =>
      isDbContext(transaction)
        ? parts.on(joined(transaction.db, db), transaction.signal)
        : parts.on(joined(kyselyOf(transaction), db)),
    transaction: (fn, options = {}) =>
      withTransaction(
        createContext(db, { signal }),
        // withTransaction() gives a transaction, as its context says.
        (tx) => fn(tx.db as Transaction<any>, parts.on(tx.db, tx.signal)),
        options,
      ),
  };
}

/** What gives no promise, or reads the catalog itself, after it has validated its input. */
const AT_ONCE: ReadonlySet<string> = new Set([
  "iterate",
  "loader",
  "keyIn",
  "query",
  "create",
  "update",
  "upsert",
  "upsertMany",
  "firstOrCreate",
  "createMany",
  "bulkCreate",
  "bulkUpdate",
  "updateWhere",
]);

/** Methods that read the types of the columns first, where values depend on them. */
function knowing<M extends object>(table: Table, methods: M): M {
  if (!table.readsTypes) return methods;
  return Object.fromEntries(
    Object.entries(methods).map(([name, method]) => {
      if (AT_ONCE.has(name)) return [name, method];
      return [name, async (...parameters: unknown[]) => {
        await table.know();
        return await method(...parameters);
      }];
    }),
  ) as M;
}

/** A transaction with the plugins, the context and the flags of a repository's own instance. */
function joined(transaction: Kysely<any>, own: Kysely<any>): Kysely<any> {
  if (transaction?.isTransaction !== true) {
    throw new BadRequestError(
      "Cannot put a repository into a transaction: the argument is none; pass a transaction, or " +
        "the context of one",
    );
  }
  // isTransaction was looked at.
  const trx = transaction as Transaction<any>;
  if (!isKyseraExecutor(own)) return trx;
  if (!isKyseraExecutor(trx) || getPlugins(trx) !== getPlugins(own)) {
    return joinTransaction(trx, own);
  }
  const context = getContext(own);
  const flags = getMetadata(own);
  const bound = context === undefined ? trx : bindContext(trx, context);
  return Object.keys(flags).length === 0 ? bound : withMetadata(bound, flags);
}

/**
 * Returns an instance of the same executor.
 *
 * @throws {BadRequestError} for one of another executor, on which the plugins would not apply
 */
export function sameExecutor(handle: Kysely<any>, own: Kysely<any>): Kysely<any> {
  if (typeof handle?.getExecutor !== "function") {
    throw new BadRequestError(
      "Cannot move a repository: the argument is not an instance of an executor",
    );
  }
  if (!isKyseraExecutor(own)) return handle;
  if (isKyseraExecutor(handle) && getPlugins(handle) === getPlugins(own)) return handle;
  throw new BadRequestError(
    "Cannot move a repository to an instance of another executor: its plugins would not apply; pass " +
      "an instance of its own, or make a repository there",
  );
}

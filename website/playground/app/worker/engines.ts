import { pgliteEngine } from "../../runtime/engine/pglite_engine.ts";
import { sqliteEngine } from "../../runtime/engine/sqlite_engine.ts";
import type { Engine } from "../../runtime/run/program.ts";
import type { EngineName } from "../protocol.ts";

/** Opens a database; what it needs is loaded only then. */
export const openEngine: Readonly<Record<EngineName, () => Promise<Engine>>> = {
  async sqlite() {
    // Databases are in memory: without this, each start would warn that files cannot be had.
    Object.assign(globalThis, {
      sqlite3ApiConfig: { warn: () => {}, error: () => {}, disable: { vfs: { opfs: true } } },
    });
    const { default: init } = await import("@sqlite.org/sqlite-wasm");
    const sqlite3 = await init();
    // Every refused statement would be told on the console.
    Object.assign(sqlite3.config, { warn: () => {}, error: () => {} });
    return sqliteEngine(sqlite3);
  },
  async postgres() {
    const [{ PGlite }, { default: url }] = await Promise.all([
      import("@electric-sql/pglite"),
      import("virtual:pglite-data"),
    ]);
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${url} was not found (${response.status})`);
    const tar = response.body!.pipeThrough(new DecompressionStream("gzip"));
    const loadDataDir = await new Response(tar).blob();
    return await pgliteEngine(await PGlite.create({ loadDataDir }));
  },
};

import { after, before, describe, it } from "node:test";
import assert from "node:assert/strict";
import type { Miniflare } from "miniflare";
import { members } from "../../scripts/workspace.ts";
import { bundleWorker } from "../edge/worker/bundle.ts";

/** A program is not loaded by a worker. */
const PROGRAMS = ["@kysera/cli"];
/** Entries about something that is Node's, and how the runtime has it: by `nodejs_compat`. */
const NODE_ENTRIES = ["@kysera/migrations/files", "@kysera/rls/async-context"];

const entries = members().filter(({ name }) => !PROGRAMS.includes(name)).flatMap((member) =>
  Object.keys(member.exports).map((entry) => member.name + entry.slice(1))
);
const web = entries.filter((entry) => !NODE_ENTRIES.includes(entry));
const bundled = {
  web: await bundle(web, []),
  node: await bundle(NODE_ENTRIES, ["node:*"]),
};

describe("Cloudflare's runtime", { skip: bundled.web.skip ?? false }, () => {
  let miniflare: Miniflare;

  before(async () => {
    const { Miniflare } = await import("miniflare");
    const worker = (name: "web" | "node", compatibilityFlags: string[]) => ({
      name,
      // Given as they are: an import() of what is not known before has not to be resolved.
      modules: [{ type: "ESModule" as const, path: `${name}.js`, contents: bundled[name].text! }],
      compatibilityDate: "2026-01-01",
      compatibilityFlags,
    });
    miniflare = new Miniflare({ workers: [worker("web", []), worker("node", ["nodejs_compat"])] });
  }, { timeout: 60_000 });
  after(() => miniflare?.dispose());

  const loadedBy = async (name: string): Promise<unknown> => {
    // The types of its workers want packages of types that are not there.
    const worker = await miniflare.getWorker(name) as unknown as {
      fetch(url: string): Promise<Response>;
    };
    return await (await worker.fetch("http://worker/")).json();
  };

  it(`loads ${web.length} entry points, without anything of Node`, async () => {
    assert.deepEqual(await loadedBy("web"), web);
  });

  it(`loads ${NODE_ENTRIES.join(" and ")}`, async () => {
    assert.deepEqual(await loadedBy("node"), NODE_ENTRIES);
  });
});

/** A worker that imports all entries at module scope, and tells those that export something. */
function bundle(
  names: readonly string[],
  external: readonly string[],
): Promise<{ readonly text?: string; readonly skip?: string }> {
  return bundleWorker(
    [
      ...names.map((entry, i) => `import * as e${i} from "${entry}";`),
      `const all = { ${names.map((entry, i) => `"${entry}": e${i}`).join(", ")} };`,
      "const loaded = Object.keys(all).filter((name) => Object.keys(all[name]).length > 0);",
      "export default { fetch: () => Response.json(loaded) };",
    ].join("\n"),
    external,
  );
}

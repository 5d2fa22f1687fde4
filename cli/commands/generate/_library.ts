import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { installLine } from "../../connect/_import_driver.ts";
import { type Option, text } from "../../contract/_options.ts";
import type { Context } from "../../program/_context.ts";
import { LIBRARIES, type LibraryName } from "../../templates/code/_schema_library.ts";

/** The option that names the library of schemas. */
export const LIBRARY_OPTION: Option<string | undefined> = text(
  "--library <name>",
  "what schemas are written for; by default what the project has, or zod",
  { choices: LIBRARIES },
);

/** Returns the library that is named, or that the project has. */
export async function libraryFor(
  context: Context,
  named: string | undefined,
): Promise<LibraryName> {
  const { root } = await context.settings();
  const found = LIBRARIES.filter((name) => isInManifest(root, name));
  // The parser allows no others.
  const library = named as LibraryName | undefined ?? found[0] ?? "zod";
  if (!found.includes(library)) {
    context.say(`The project does not have ${library}: run \`${installLine([library], root)}\``);
  }
  return library;
}

/** Whether a manifest of the project names a package: as a text, as some hold comments. */
function isInManifest(root: string, name: string): boolean {
  return ["package.json", "deno.json", "deno.jsonc"].some((file) => {
    const path = join(root, file);
    return existsSync(path) && readFileSync(path, "utf8").includes(`"${name}"`);
  });
}

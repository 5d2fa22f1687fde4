import { readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../../scripts/workspace.ts";

const LEFT_OUT = ["coverage", "npm"];

/** Paths from the root of every Markdown file of the repository. */
export function markdownFiles(directory = "."): string[] {
  return readdirSync(join(ROOT, directory), { withFileTypes: true }).flatMap((entry) => {
    const path = directory === "." ? entry.name : `${directory}/${entry.name}`;
    if (/^\.|^node_modules$/.test(entry.name) || LEFT_OUT.includes(path)) return [];
    if (entry.isDirectory()) return markdownFiles(path);
    return entry.name.endsWith(".md") ? [path] : [];
  });
}

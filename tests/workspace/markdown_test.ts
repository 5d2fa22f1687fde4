import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { members, ROOT } from "../../scripts/workspace.ts";
import { markdownFiles } from "./_markdown.ts";

describe("the Markdown files", () => {
  for (const file of markdownFiles()) {
    it(`${file} links to what is there`, () => {
      const text = withoutCode(read(file));
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target!)) continue;
        // A file that the site is built with: `deno task docs:test` looks for it.
        if (file.startsWith("website/") && target!.startsWith("/")) continue;
        const [path, anchor] = target!.split("#");
        const linked = path === "" ? file : join(dirname(file), path!);
        assert.ok(existsSync(join(ROOT, linked)), `${target} is missing`);
        if (anchor !== undefined) assert.ok(anchorsOf(linked).includes(anchor), `no #${anchor}`);
      }
    });
  }

  it("README.md names every package and every task that it is asked to", () => {
    const text = read("README.md");
    for (const { name, path } of members()) {
      const link = path === "." ? `\`${name}\`` : `[\`${name}\`](${path}/README.md)`;
      assert.ok(text.includes(`| ${link} `), `${name} is not in the table of packages`);
    }
    const { tasks } = JSON.parse(read("deno.json"));
    for (const [, task] of text.matchAll(/npx -y deno@[\d.]+ task (\S+?)[`\n]/g)) {
      assert.ok(task! in tasks, `there is no task ${task}`);
    }
  });
});

function read(file: string): string {
  return readFileSync(join(ROOT, file), "utf8");
}

function withoutCode(text: string): string {
  return text.replaceAll(/^```.*?^```$/gms, "").replaceAll(/`[^`\n]+`/g, "code");
}

/** What GitHub calls the headings of a file in links. */
function anchorsOf(file: string): string[] {
  return [...read(file).replaceAll(/^```.*?^```$/gms, "").matchAll(/^#+ (.*)$/gm)].map(
    ([, heading]) =>
      heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"),
  );
}

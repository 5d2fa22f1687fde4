/**
 * Writes the reference: for every entry of every package a page that lists what it exports, and pages
 * with the details, made from what `deno doc --json` says.
 *
 * @module
 */
import process from "node:process";
import { pathToFileURL } from "node:url";
import { run } from "../run.ts";
import { members, ROOT } from "../workspace.ts";
import { frontMatter, type Page } from "./_pages.ts";
import { signatureOf } from "./_signatures.ts";
import type { Group } from "./navigation.ts";
import { changeProse, slug } from "./_text.ts";

interface Tag {
  readonly kind: string;
  readonly name?: string;
  readonly doc?: string;
  /** What is thrown. */
  readonly tsType?: { readonly repr?: string };
}

interface Doc {
  readonly doc?: string;
  readonly tags?: readonly Tag[];
}

interface Declaration {
  readonly kind: string;
  readonly jsDoc?: Doc;
  readonly location: { readonly filename: string; readonly line: number };
  readonly def?: { readonly target?: { readonly filename: string; readonly line: number } };
}

interface Exported {
  readonly name: string;
  readonly declarations: readonly Declaration[];
}

interface Module {
  readonly module_doc?: Doc;
  readonly symbols: readonly Exported[];
}

/** An entry of a package. */
interface Entry {
  /** `@kysera/infra/health`. */
  readonly name: string;
  /** `infra/health`. */
  readonly folder: string;
  readonly module: Module;
}

/** The pages of an entry: which kinds of declarations are on which. */
const GROUPS = [
  { title: "Functions", file: "functions", kinds: ["function", "variable"] },
  { title: "Classes", file: "classes", kinds: ["class"] },
  { title: "Interfaces", file: "interfaces", kinds: ["interface"] },
  { title: "Types", file: "types", kinds: ["typeAlias", "enum", "namespace"] },
] as const;

/**
 * Writes the pages of the reference.
 *
 * @returns the pages
 * @throws {Error} When `deno doc` fails.
 */
export async function referencePages(): Promise<Page[]> {
  const entries = await readEntries();
  const home = homesOf(entries);
  return [overview(entries), ...entries.flatMap((entry) => pagesOf(entry, home))];
}

/**
 * Makes the menu at the side of the reference.
 *
 * @param pages all pages
 * @returns one group with every entry
 */
export function referenceMenu(pages: readonly Page[]): Group[] {
  const folders = pages.flatMap(({ path }) => /^api\/(.+)\/index\.md$/.exec(path)?.[1] ?? []);
  const items = folders.map((folder) => ({ text: `@kysera/${folder}`, link: `/api/${folder}/` }));
  return [{ text: "API reference", items: [{ text: "All entries", link: "/api/" }, ...items] }];
}

async function readEntries(): Promise<Entry[]> {
  const files = members().flatMap((member) =>
    Object.entries(member.exports).map(([entry, file]) => ({
      name: member.name + entry.slice(1),
      folder: (member.name + entry.slice(1)).replace("@kysera/", ""),
      url: pathToFileURL(`${member.dir}/${file.replace("./", "")}`).href,
    }))
  );
  // Standard error may say that something was downloaded.
  const { code, output } = await run(
    [process.execPath, "doc", "--json", ...files.map(({ url }) => url)],
    { cwd: ROOT, stdio: ["ignore", "pipe", "ignore"] },
  );
  if (code !== 0) throw new Error("Cannot read the comments: `deno doc --json` failed");
  const { nodes } = JSON.parse(output) as { nodes: Record<string, Module> };
  return files.map(({ name, folder, url }) => {
    const { module_doc, symbols } = nodes[url]!;
    const sorted = symbols.toSorted((a, b) => a.name.localeCompare(b.name, "en"));
    return { name, folder, module: { ...module_doc && { module_doc }, symbols: sorted } };
  });
}

/** Where each declaration is described: with the first entry that exports it. */
function homesOf(entries: readonly Entry[]): Map<string, string> {
  const homes = new Map<string, string>();
  // What a package exports from its main entry as well is described there.
  for (const { folder, module } of entries) {
    for (const symbol of module.symbols) {
      const group = groupOf(symbol);
      const key = keyOf(symbol);
      if (group === undefined || homes.has(key)) continue;
      homes.set(key, `/api/${folder}/${group.file}#${slug(symbol.name)}`);
    }
  }
  return homes;
}

function keyOf({ name, declarations }: Exported): string {
  const { location, def } = declarations[0]!;
  const { filename } = def?.target ?? location;
  return `${filename} ${name}`;
}

function groupOf({ declarations }: Exported) {
  const kinds = declarations.map(({ kind }) => kind);
  return GROUPS.find((group) => group.kinds.some((kind) => kinds.includes(kind)));
}

function overview(entries: readonly Entry[]): Page {
  const rows = entries.map(({ name, folder, module }) =>
    `| [\`${name}\`](/api/${folder}/) | ${
      firstSentence(module.module_doc)
    } | ${module.symbols.length} |`
  );
  return {
    path: "api/index.md",
    text: [
      frontMatter(
        "API reference",
        "Every export of every package, from the comments in the sources.",
      ),
      "# API reference\n",
      "Every export of every package, written from the comments in the sources. The examples are tests.\n",
      "| entry | what it is | exports |\n| --- | --- | --- |",
      ...rows,
      "",
    ].join("\n"),
  };
}

function pagesOf(entry: Entry, homes: ReadonlyMap<string, string>): Page[] {
  const { name, folder, module } = entry;
  const own = (symbol: Exported) =>
    homes.get(keyOf(symbol))?.startsWith(`/api/${folder}/${groupOf(symbol)?.file}#`) === true;
  const link = (text: string) => {
    const symbol = module.symbols.find((symbol) => symbol.name === text);
    return symbol && homes.get(keyOf(symbol));
  };
  const lists = GROUPS.flatMap((group) => {
    const symbols = module.symbols.filter((symbol) => groupOf(symbol) === group);
    if (symbols.length === 0) return [];
    return [
      `## ${group.title}\n`,
      `| name | what it is |\n| --- | --- |`,
      ...symbols.map((symbol) => {
        const home = homes.get(keyOf(symbol));
        const title = home === undefined ? `\`${symbol.name}\`` : `[\`${symbol.name}\`](${home})`;
        return `| ${title} | ${firstSentence(docOf(symbol))} |`;
      }),
      "",
    ];
  });
  const index: Page = {
    path: `api/${folder}/index.md`,
    text: [
      frontMatter(name, plain(firstSentence(module.module_doc))),
      `# ${name}\n`,
      described(module.module_doc, link),
      ...lists,
      ...referencesOf(module, homes),
    ].join("\n"),
  };
  const details = GROUPS.flatMap((group): Page[] => {
    const symbols = module.symbols.filter((symbol) => groupOf(symbol) === group && own(symbol));
    if (symbols.length === 0) return [];
    return [{
      path: `api/${folder}/${group.file}.md`,
      text: [
        frontMatter(`${name}: ${group.title.toLowerCase()}`, `${group.title} of ${name}.`),
        `# ${group.title} of [${name}](/api/${folder}/)\n`,
        ...symbols.map((symbol) => detailsOf(symbol, link)),
      ].join("\n"),
    }];
  });
  return [index, ...details];
}

/** What an entry hands on from others. */
function referencesOf(module: Module, homes: ReadonlyMap<string, string>): string[] {
  const references = module.symbols.filter((symbol) => groupOf(symbol) === undefined);
  if (references.length === 0) return [];
  const rows = references.map((symbol) => {
    const home = homes.get(keyOf(symbol));
    return home === undefined ? `\`${symbol.name}\`` : `[\`${symbol.name}\`](${home})`;
  });
  return ["## Exported again\n", `${rows.join(", ")}.\n`];
}

function detailsOf(symbol: Exported, link: (name: string) => string | undefined): string {
  const signatures = new Set(
    symbol.declarations.map(({ location }) =>
      signatureOf(location.filename, symbol.name, location.line)
    ).filter((text) => text !== undefined).map((text) =>
      text.replaceAll(/\{@link(?:code)?\s+([^}]+)\}/g, "$1")
    ),
  );
  return [
    `## ${symbol.name}\n`,
    ...[...signatures].map((text) => `\`\`\`ts\n${text}\n\`\`\`\n`),
    described(docOf(symbol), link),
  ].join("\n");
}

function docOf({ declarations }: Exported): Doc | undefined {
  return declarations.find(({ jsDoc }) => jsDoc !== undefined)?.jsDoc;
}

/** The text of a comment, and its tags as lists. */
function described(doc: Doc | undefined, link: (name: string) => string | undefined): string {
  if (doc === undefined) return "";
  const prose = (text: string | undefined) => escaped(linked(text ?? "", link)).trim();
  const tags = (kind: string) => (doc.tags ?? []).filter((tag) => tag.kind === kind);
  const list = (title: string, items: readonly string[]) =>
    items.length === 0 ? [] : [`**${title}**\n`, ...items.map((item) => `- ${item}`), ""];
  const oneLine = (text: string | undefined) => prose(text).replaceAll(/\s*\n\s*/g, " ");
  return [
    ...tags("deprecated").map(({ doc }) => `**Deprecated.** ${oneLine(doc)}\n`),
    `${prose(doc.doc)}\n`,
    ...list("Parameters", [
      ...tags("template").map(({ name, doc }) => `\`${name}\`: ${oneLine(doc)}`),
      ...tags("param").map(({ name, doc }) => `\`${name}\`: ${oneLine(doc)}`),
    ]),
    ...list("Returns", tags("return").map(({ doc }) => oneLine(doc))),
    ...list("Throws", tags("throws").map((tag) => thrown(tag, oneLine))),
    ...tags("example").map(({ doc }) => `${exampleOf(doc ?? "")}\n`),
  ].join("\n");
}

function thrown(tag: Tag, oneLine: (text: string | undefined) => string): string {
  const type = tag.tsType?.repr;
  return type ? `\`${type}\`: ${oneLine(tag.doc)}` : oneLine(tag.doc);
}

/** An example; its title is text in front of the code. */
function exampleOf(text: string): string {
  return escaped(text.replaceAll(/^```(\w+) .*$/gm, "```$1")).trim();
}

function linked(text: string, link: (name: string) => string | undefined): string {
  return text.replaceAll(
    /\{@link(?:code|plain)?\s+([^}\s|]+)(?:[\s|]+([^}]*))?\}/g,
    (_, target: string, title?: string) => {
      const address = /^https?:/.test(target) ? target : link(target.split(".")[0]!);
      const shown = title?.trim() || target;
      return address === undefined ? `\`${shown}\`` : `[\`${shown}\`](${address})`;
    },
  );
}

/** Text in which nothing but Markdown has a meaning: no tag, and no expression of Vue. */
function escaped(text: string): string {
  return changeProse(
    text,
    (prose) => prose.replaceAll("<", "&lt;").replaceAll("{{", "&#123;&#123;"),
  );
}

function firstSentence(doc: Doc | undefined): string {
  const [paragraph] = (doc?.doc ?? "").trim().split(/\n\s*\n/);
  const text = linked(paragraph!.replaceAll(/\s*\n\s*/g, " "), () => undefined);
  const [sentence] = /^.*?[.:](?=\s|$)/.exec(text) ?? [text];
  return escaped(sentence.replace(/:$/, ".")).replaceAll("|", "\\|");
}

function plain(text: string): string {
  return text.replaceAll("`", "").replaceAll("&lt;", "<");
}

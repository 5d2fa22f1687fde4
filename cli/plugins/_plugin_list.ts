import { refusal } from "../contract/_cli_error.ts";
import type { KnownPlugin } from "./_known.ts";
import {
  childOf,
  childrenOf,
  type Edit,
  nameOf,
  nodesOf,
  parseFile,
  type SyntaxNode,
} from "./_source.ts";

/** The list of plugins that a file gives to `createExecutor`. */
export class PluginList {
  readonly #text: string;
  readonly #program: SyntaxNode;
  readonly #array: SyntaxNode;

  private constructor(text: string, program: SyntaxNode, array: SyntaxNode) {
    this.#text = text;
    this.#program = program;
    this.#array = array;
  }

  /**
   * Finds the list in a file.
   *
   * @returns undefined if the file creates no executor
   * @throws {CliError} if it creates several, or one whose plugins are not a list in the file
   */
  static find(text: string, file: string): PluginList | undefined {
    const program = parseFile(text, file);
    const calls = [...nodesOf(program)].filter((node) =>
      node.type === "CallExpression" &&
      ["createExecutor", "createExecutorSync"].includes(nameOf(childOf(node, "callee")) ?? "")
    );
    if (calls.length === 0) return undefined;
    if (calls.length > 1) {
      throw refusal(
        `"${file}" creates ${calls.length} executors: change the one that is meant by hand`,
      );
    }
    const given = childrenOf(calls[0]!, "arguments")[1];
    const array = given === undefined ? undefined : valueOf(program, given);
    if (array?.type === "ArrayExpression") return new PluginList(text, program, array);
    throw refusal(
      `The plugins of the executor in "${file}" are not a list that stands in the file`,
      {
        hint: "Change it by hand: createExecutor(db, [softDeletePlugin(), auditPlugin()]).",
      },
    );
  }

  /** The call that creates a plugin, where the list has it. */
  callOf({ from, factory }: KnownPlugin): SyntaxNode | undefined {
    return this.#found(from, factory)?.call;
  }

  /** The text of the argument of a call; undefined where it has none. */
  optionsOf(call: SyntaxNode): string | undefined {
    const [options] = childrenOf(call, "arguments");
    return options === undefined ? undefined : this.#text.slice(options.start, options.end);
  }

  /** The changes that add a plugin at the end of the list. */
  add({ from, factory }: KnownPlugin, options: string | undefined): Edit[] {
    const imported = this.#importOf(from, factory);
    const local = imported ?? this.#freeName(factory);
    const call = `${local}(${options ?? ""})`;
    const elements = childrenOf(this.#array, "elements");
    const last = elements.at(-1);
    const element = last === undefined ? [this.#first(call)] : this.#behind(last, call);
    return imported === undefined ? [this.#import(from, factory, local), ...element] : element;
  }

  /** The changes that take a plugin out of the list, and its import where nothing else needs it. */
  remove({ from, factory }: KnownPlugin): Edit[] {
    const found = this.#found(from, factory)!;
    const elements = childrenOf(this.#array, "elements");
    const cut = this.#without(elements, elements.indexOf(found.element));
    const isInList = found.element === found.call;
    return isInList && this.#uses(found.local) === 1
      ? [cut, ...this.#withoutImport(from, found.local)]
      : [cut];
  }

  /** The change that gives a plugin other options. */
  configure(call: SyntaxNode, options: string): Edit {
    const [given] = childrenOf(call, "arguments");
    if (given !== undefined) return { start: given.start, end: given.end, text: options };
    return { start: call.end - 1, end: call.end - 1, text: options };
  }

  /** The change that sets a member of the options of a plugin, or takes it away. */
  setMember(call: SyntaxNode, name: string, value: string | undefined): Edit[] | undefined {
    const [given] = childrenOf(call, "arguments");
    const member = `${isPlainName(name) ? name : JSON.stringify(name)}: ${value}`;
    if (given === undefined) {
      return value === undefined ? undefined : [this.configure(call, `{ ${member} }`)];
    }
    if (given.type !== "ObjectExpression") {
      throw refusal("The options of the plugin are not an object that stands in the file", {
        hint: "Give all of them by --options, or change them where they stand.",
      });
    }
    const members = childrenOf(given, "properties");
    const index = members.findIndex((each) => keyOf(each) === name);
    const found = members[index];
    if (value !== undefined) {
      if (found !== undefined) return [{ start: found.start, end: found.end, text: member }];
      const last = members.at(-1);
      return last === undefined
        ? [{ start: given.start, end: given.end, text: `{ ${member} }` }]
        : this.#behind(last, member);
    }
    if (found === undefined) return undefined;
    if (members.length === 1) return [{ start: given.start, end: given.end, text: "{}" }];
    return [this.#without(members, index)];
  }

  #found(from: string, factory: string) {
    const local = this.#importOf(from, factory);
    if (local === undefined) return undefined;
    for (const element of childrenOf(this.#array, "elements")) {
      const call = valueOf(this.#program, element);
      if (call?.type === "CallExpression" && nameOf(childOf(call, "callee")) === local) {
        return { element, call, local };
      }
    }
    return undefined;
  }

  /** The name that a function of a package has in the file. */
  #importOf(from: string, factory: string): string | undefined {
    for (const declaration of this.#imports(from)) {
      for (const specifier of childrenOf(declaration, "specifiers")) {
        if (importedName(specifier) === factory) return nameOf(childOf(specifier, "local"));
      }
    }
    return undefined;
  }

  #imports(from?: string): SyntaxNode[] {
    return childrenOf(this.#program, "body").filter((node) =>
      node.type === "ImportDeclaration" &&
      (from === undefined || childOf(node, "source")?.["value"] === from) &&
      node["importKind"] !== "type"
    );
  }

  #import(from: string, factory: string, local: string): Edit {
    const specifier = local === factory ? factory : `${factory} as ${local}`;
    const line = `import { ${specifier} } from ${JSON.stringify(from)};`;
    const last = childrenOf(this.#program, "body").findLast(({ type }) =>
      type === "ImportDeclaration"
    );
    const end = this.#text.includes("\r\n") ? "\r\n" : "\n";
    if (last !== undefined) return { start: last.end, end: last.end, text: `${end}${line}` };
    // Behind the line that says which program runs the file.
    const start = childOf(this.#program, "interpreter")?.end ?? 0;
    return { start, end: start, text: start === 0 ? `${line}${end}` : `${end}${line}` };
  }

  /** A name that nothing else in the file has. */
  #freeName(name: string): string {
    let free = name;
    while (this.#uses(free) > 0) free = `${free}_`;
    return free;
  }

  /** How often a name is used, its imports left aside. */
  #uses(name: string): number {
    const imports = new Set(this.#imports().flatMap((node) => [...nodesOf(node)]));
    return [...nodesOf(this.#program)].filter((node) => nameOf(node) === name && !imports.has(node))
      .length;
  }

  #withoutImport(from: string, local: string): Edit[] {
    for (const declaration of this.#imports(from)) {
      const specifiers = childrenOf(declaration, "specifiers");
      const index = specifiers.findIndex((each) => nameOf(childOf(each, "local")) === local);
      if (index < 0) continue;
      if (specifiers.length === 1) {
        const end = /^\r?\n/.exec(this.#text.slice(declaration.end))?.[0].length ?? 0;
        return [{ start: declaration.start, end: declaration.end + end, text: "" }];
      }
      const [before, after] = [specifiers[index - 1], specifiers[index + 1]];
      return after === undefined
        ? [{ start: before!.end, end: specifiers[index]!.end, text: "" }]
        : [{ start: specifiers[index]!.start, end: after.start, text: "" }];
    }
    return [];
  }

  /** Puts something into the empty list; on a line of its own, if the end of it stands on one. */
  #first(text: string): Edit {
    const { start, end } = this.#array;
    const indent = this.#indentOf({ ...this.#array, start: end - 1 });
    if (indent === undefined || end - 1 - indent.length <= start) {
      return { start: start + 1, end: start + 1, text };
    }
    const at = end - 1 - indent.length;
    const line = this.#text.includes("\r\n") ? "\r\n" : "\n";
    return { start: at, end: at, text: `${indent}  ${text},${line}` };
  }

  /**
   * Puts something behind the last item of a list, on a line of its own if that one has one; what is
   * said of the item behind it stays with it.
   */
  #behind(last: SyntaxNode, text: string): Edit[] {
    const indent = this.#indentOf(last);
    const [, comma, comment] = /^(\s*,)?([ \t]*(?:\/\/[^\r\n]*)?)(?=\r?\n)/
      .exec(this.#text.slice(last.end)) ?? [];
    if (indent === undefined || comment === undefined) {
      return [{ start: last.end, end: last.end, text: `, ${text}` }];
    }
    const end = this.#text.includes("\r\n") ? "\r\n" : "\n";
    const at = last.end + (comma ?? "").length + comment.length;
    return comma === undefined
      ? [
        { start: last.end, end: last.end, text: "," },
        { start: at, end: at, text: `${end}${indent}${text}` },
      ]
      : [{ start: at, end: at, text: `${end}${indent}${text},` }];
  }

  /** Takes an item out of a list: with its line, where it is alone on it. */
  #without(items: readonly SyntaxNode[], index: number): Edit {
    const item = items[index]!;
    const indent = this.#indentOf(item);
    const rest = /^(?:\s*,)?[ \t]*(?:\/\/[^\r\n]*)?\r?\n/.exec(this.#text.slice(item.end));
    if (indent !== undefined && rest !== null) {
      return { start: item.start - indent.length, end: item.end + rest[0].length, text: "" };
    }
    const isPlain = (start: number, end: number) => /^\s*,\s*$/.test(this.#text.slice(start, end));
    const [before, after] = [items[index - 1], items[index + 1]];
    if (after !== undefined && isPlain(item.end, after.start)) {
      return { start: item.start, end: after.start, text: "" };
    }
    if (after === undefined && before !== undefined && isPlain(before.end, item.start)) {
      return { start: before.end, end: item.end, text: "" };
    }
    const comma = /^\s*,/.exec(this.#text.slice(item.end))?.[0].length ?? 0;
    return { start: item.start, end: item.end + comma, text: "" };
  }

  /** What stands before a node on its line, where that is nothing but space. */
  #indentOf({ start }: SyntaxNode): string | undefined {
    const lineStart = this.#text.lastIndexOf("\n", start - 1) + 1;
    const indent = this.#text.slice(lineStart, start);
    return lineStart > 0 && /^[ \t]*$/.test(indent) ? indent : undefined;
  }
}

/** What a name stands for in the file, where it is a constant; anything else is itself. */
function valueOf(program: SyntaxNode, given: SyntaxNode): SyntaxNode | undefined {
  const node = bare(given);
  const name = nameOf(node);
  if (name === undefined) return node;
  const declared = [...nodesOf(program)].filter((each) =>
    each.type === "VariableDeclarator" && nameOf(childOf(each, "id")) === name
  );
  const value = declared.length === 1 ? childOf(declared[0], "init") : undefined;
  return value === undefined ? undefined : bare(value);
}

/** A value without what says its type: `[..] as const`, `await rls()`. */
function bare(node: SyntaxNode): SyntaxNode {
  const inner =
    ["TSAsExpression", "TSSatisfiesExpression", "TSNonNullExpression"].includes(node.type)
      ? childOf(node, "expression")
      : undefined;
  return inner === undefined ? node : bare(inner);
}

function importedName(specifier: SyntaxNode): string | undefined {
  const imported = childOf(specifier, "imported");
  return nameOf(imported) ?? (imported === undefined ? undefined : String(imported["value"]));
}

function keyOf(member: SyntaxNode): string | undefined {
  if (member["computed"] === true) return undefined;
  const key = childOf(member, "key");
  return nameOf(key) ?? (key?.type === "StringLiteral" ? String(key["value"]) : undefined);
}

function isPlainName(name: string): boolean {
  return /^[A-Za-z_$][\w$]*$/.test(name);
}

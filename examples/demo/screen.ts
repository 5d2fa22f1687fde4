import Table from "cli-table3";
import { diffArrays } from "diff";
import { styleText } from "node:util";
import { layOut, type Statement } from "./sql.ts";

/** Rows, or words in their place. */
export type Result = readonly object[] | string;

/** A heading and what stands below it. */
export interface Part<T> {
  readonly heading: string;
  readonly content: T;
}

/** One half of a comparison. */
export interface Side {
  readonly statements: Part<readonly Statement[]>;
  readonly result: Part<Result>;
}

/** How wide the terminal is, whether it shows colours, and what takes the lines. */
export interface ScreenOptions {
  readonly columns: number;
  readonly colors: boolean;
  readonly write: (line: string) => void;
}

const NARROWEST_PAIR = 76;
const WIDEST = 110;
const PADDING = 2;
const GUTTER = 2;

type Style = Parameters<typeof styleText>[0];

/** Draws on a terminal. */
export class Screen {
  readonly #width: number;
  readonly #colors: boolean;
  readonly #write: (line: string) => void;

  constructor({ columns, colors, write }: ScreenOptions) {
    this.#width = Math.min(columns, WIDEST);
    this.#colors = colors;
    this.#write = write;
  }

  /** Writes a heading, and what there is to say under it. */
  heading(title: string, note: string): void {
    this.#write("");
    this.#write(this.#style("bold", title));
    this.text(note);
  }

  /** Writes a paragraph. */
  text(paragraph: string): void {
    for (const line of wrap(paragraph, this.#width)) this.#write(line.trimStart());
  }

  /** Draws two sides, and marks the lines and the rows that only one of them has. */
  compare(left: Side, right: Side): void {
    const width = this.#room(this.#columns);
    const [written, ran] = this.#difference(
      layOut(left.statements.content, width),
      layOut(right.statements.content, width),
      width,
    );
    const [before, after] = this.#resultsOf(left.result.content, right.result.content, width);
    this.#draw([
      [this.#cell(left.statements.heading, written), this.#cell(right.statements.heading, ran)],
      [this.#cell(left.result.heading, before), this.#cell(right.result.heading, after)],
    ]);
  }

  /** Draws code, the statements that ran for it, and what came of it. */
  follow(code: Part<string>, statements: Part<readonly Statement[]>, result: Part<Result>): void {
    const width = this.#room(this.#columns);
    const written = this.#plain(code.content.split("\n"), width);
    const ran = this.#plain(layOut(statements.content, width), width);
    this.#draw([
      [this.#cell(code.heading, written), this.#cell(statements.heading, ran)],
      [this.#cell(result.heading, this.#resultOf(result.content, this.#room(1)))],
    ]);
  }

  /** How many columns there is room for. */
  get #columns(): 1 | 2 {
    return this.#width < NARROWEST_PAIR ? 1 : 2;
  }

  /** The characters of a line in one of so many cells of a row. */
  #room(cells: 1 | 2): number {
    return this.#cellWidth(cells) - PADDING - GUTTER;
  }

  #cellWidth(cells: 1 | 2): number {
    return Math.floor((this.#width - cells - 1) / cells);
  }

  /** Draws rows of one or two cells; where there is room for one column, below each other. */
  #draw(rows: readonly (readonly [string, string] | readonly [string])[]): void {
    const columns = this.#columns;
    const table = new Table({
      colWidths: Array.from({ length: columns }, () => this.#cellWidth(columns)),
      style: { head: [], border: this.#colors ? ["gray"] : [] },
    });
    const inOrder = columns === 2 ? rows : inOneColumn(rows);
    for (const cells of inOrder) {
      table.push(
        cells.length === columns ? [...cells] : [{ content: cells[0], colSpan: columns }],
      );
    }
    for (const line of table.toString().split("\n")) this.#write(line);
  }

  #cell(heading: string, lines: readonly string[]): string {
    return [this.#style("bold", heading), ...lines].join("\n");
  }

  /** Two lists of lines, with those marked that only one has. */
  #difference(
    before: readonly string[],
    after: readonly string[],
    width: number,
  ): [string[], string[]] {
    const out: [string[], string[]] = [[], []];
    for (const { added, removed, value } of diffArrays([...before], [...after])) {
      for (const line of value) {
        if (added) out[1].push(...this.#marked("+", "green", line, width));
        else if (removed) out[0].push(...this.#marked("-", "red", line, width));
        else for (const side of out) side.push(...this.#plain([line], width));
      }
    }
    return out;
  }

  #resultsOf(before: Result, after: Result, width: number): [string[], string[]] {
    if (typeof before === "string" || typeof after === "string") {
      return [this.#resultOf(before, width), this.#resultOf(after, width)];
    }
    const [names = "", ...lines] = alignRows([...before, ...after]);
    const [left, right] = this.#difference(
      lines.slice(0, before.length),
      lines.slice(before.length),
      width,
    );
    const head = this.#dim(names, width);
    return [
      before.length > 0 ? [...head, ...left] : left,
      after.length > 0 ? [...head, ...right] : right,
    ];
  }

  #resultOf(result: Result, width: number): string[] {
    if (typeof result === "string") return this.#plain([result], width);
    const [names, ...lines] = alignRows(result);
    return names === undefined ? [] : [...this.#dim(names, width), ...this.#plain(lines, width)];
  }

  #plain(lines: readonly string[], width: number): string[] {
    return lines.flatMap((line) => wrap(line, width).map((part) => " ".repeat(GUTTER) + part));
  }

  #dim(line: string, width: number): string[] {
    return this.#plain([line], width).map((part) => this.#style("dim", part));
  }

  #marked(mark: string, style: Style, line: string, width: number): string[] {
    return wrap(line, width).map((part) => this.#style(style, mark.padEnd(GUTTER) + part));
  }

  #style(style: Style, text: string): string {
    return this.#colors ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** Columns one below the other: the upper cells first, then the lower ones. */
function inOneColumn(
  rows: readonly (readonly [string, string] | readonly [string])[],
): (readonly [string])[] {
  const lefts = rows.filter((cells) => cells.length === 2).map(([left]) => [left] as const);
  const rights = rows.flatMap((cells) => cells.length === 2 ? [[cells[1]] as const] : [cells]);
  return [...lefts, ...rights];
}

/** The names of the columns, then the rows, each column as wide as its widest value. */
function alignRows(rows: readonly object[]): string[] {
  const names = Object.keys(rows[0] ?? {});
  if (names.length === 0) return [];
  const cells = [names, ...rows.map((row) => Object.values(row).map(String))];
  const widths = names.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  return cells.map((row) => row.map((cell, i) => cell.padEnd(widths[i]!)).join("  ").trimEnd());
}

/** Breaks a line at its spaces; what follows is indented as the line is, and a little more. */
function wrap(line: string, width: number): string[] {
  const indent = " ".repeat(line.length - line.trimStart().length + GUTTER);
  const out: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    const at = space > indent.length ? space : width;
    out.push(rest.slice(0, at));
    rest = indent + rest.slice(at).trimStart();
  }
  return [...out, rest];
}

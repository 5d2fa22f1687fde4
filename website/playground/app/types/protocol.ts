import type { Files } from "../protocol.ts";

/** What the editor asks TypeScript. */
export type TypesQuestion =
  | { readonly kind: "errors"; readonly file: keyof Files }
  | { readonly kind: "completions"; readonly file: keyof Files; readonly at: number }
  | { readonly kind: "hover"; readonly file: keyof Files; readonly at: number };

/** A question, with the files as they are. */
export interface TypesRequest {
  readonly id: number;
  readonly files: Files;
  readonly question: TypesQuestion;
}

/** A place in a file, and what there is to say about it. */
export interface TypesNote {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** What can be written at a place. */
export interface TypesCompletion {
  readonly label: string;
  readonly type: string;
  /** Sorts before others where it is smaller. */
  readonly order: string;
}

/** What TypeScript answers. */
export interface TypesAnswer {
  readonly id: number;
  readonly notes: readonly TypesNote[];
  readonly completions: readonly TypesCompletion[];
  /** Why there is no answer. */
  readonly error: string | undefined;
}

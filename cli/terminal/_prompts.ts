import { confirm, isCancel, select, text } from "@clack/prompts";
import process from "node:process";
import { interruption } from "../contract/_cli_error.ts";

// Questions go to the standard error: the standard output is for data.
const output = process.stderr;

/** Asks a question whose answer is yes or no. Only for a terminal. */
export async function askYesNo(message: string): Promise<boolean> {
  return answered<boolean>(await confirm({ message, initialValue: false, output }));
}

/** Asks for a name; returns true if the right one is typed. Only for a terminal. */
export async function askForName(message: string, name: string): Promise<boolean> {
  return answered<string>(await text({ message, output })) === name;
}

/** Asks for one of some words, the first of which is meant by default. Only for a terminal. */
export async function askForOne(message: string, choices: readonly string[]): Promise<string> {
  const options = choices.map((value) => ({ value, label: value }));
  return answered<string>(await select({ message, options, output }));
}

function answered<T>(answer: T | symbol): T {
  if (isCancel(answer)) throw interruption();
  return answer as T;
}

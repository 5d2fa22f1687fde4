import type { Host } from "../contract/_host.ts";

/** Variables that programs set which type commands for somebody. */
const VARIABLES = [
  "AI_AGENT",
  "CLAUDECODE",
  "CODEX_SANDBOX",
  "CURSOR_AGENT",
  "GEMINI_CLI",
  "OPENCODE",
];

/** Returns true if a program types the commands, so that a `yes` need not be a person's. */
export function isAgent(env: Host["env"]): boolean {
  return VARIABLES.some((name) => env[name] !== undefined && env[name] !== "");
}

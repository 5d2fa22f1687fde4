import type { Command } from "../../program/_command.ts";
import { createCommand } from "./_create_command.ts";

/** `kysera migrate create`. */
export const command: Command = createCommand("migrate create");

import type { Command } from "../../program/_command.ts";
import { createCommand } from "../migrate/_create_command.ts";

/** `kysera generate migration`. */
export const command: Command = createCommand("generate migration");

#!/usr/bin/env node
import process from "node:process";
import { TREE } from "./commands/_tree.ts";
import { main } from "./program/_main.ts";
import { nodeHost } from "./program/_node_host.ts";

process.exitCode = await main(nodeHost(), TREE);
// What a driver or a file of the project left open must not hold the process.
process.exit();

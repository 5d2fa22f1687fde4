/**
 * The load test in its full form, on the database that the tests use; prints what was measured.
 *
 * @module
 */
import process from "node:process";
import { readConfig } from "../platform/config.ts";
import { FULL } from "./options.ts";
import { runLoad } from "./run_load.ts";

const { checkout } = readConfig(process.env);
const { contradictions, problems, ...figures } = await runLoad({ ...FULL, checkout });
console.log(JSON.stringify({ checkout, ...figures }, null, 2));
if (contradictions.length > 0 || problems.length > 0) {
  console.error(JSON.stringify({ contradictions, problems }, null, 2));
  process.exitCode = 1;
}

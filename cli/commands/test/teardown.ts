import { CONFIRM_OPTIONS, confirmDestruction } from "../../program/_confirm.ts";
import { type Command, defineCommand } from "../../program/_command.ts";
import { dropDatabase } from "../../test_database/_databases.ts";
import { inTestDatabase, TEST_OPTIONS } from "../../test_database/_in_test_database.ts";

/** `kysera test teardown`. */
export const command: Command = defineCommand({
  environment: "test",
  description:
    "The database is that of `kysera test setup`. It is dropped, or its file is removed, and that has to\n" +
    "be confirmed.",
  options: { ...CONFIRM_OPTIONS, ...TEST_OPTIONS },
  examples: [
    ["kysera test teardown", "drop it"],
    ["kysera test teardown --yes --confirm shop_test", "drop it in a script"],
  ],
  async run({ context, options }) {
    const within = await inTestDatabase(context, options);
    const { label } = await within.target();
    await confirmDestruction(within, options, { what: "This drops the database of the tests" });
    const dropped = await context.finishFirst(() => dropDatabase(within));
    return {
      data: { database: label, dropped },
      text: dropped ? `Dropped ${label}` : `There was no ${label}`,
    };
  },
});

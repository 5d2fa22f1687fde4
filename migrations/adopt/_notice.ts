import type { Settings } from "../options.ts";
import type { Engine } from "../run/_engine.ts";
import { findHistories, labelOf } from "./_find.ts";

/** Tools whose histories the runner does not take over by itself. */
const TOOLS: readonly string[] = ["prisma", "drizzle", "flyway"];

/**
 * Warns, before the runner has tables of its own, of histories that it would not take over: then it
 * would run what another tool has applied already.
 */
export async function noticeHistories(engine: Engine, settings: Settings): Promise<void> {
  const { logger, adopt, schema: ownSchema } = settings;
  if (logger === undefined || adopt === false) return;
  const found = await engine.query((own) => findHistories(own, engine.traits, { ownSchema }));
  for (const each of found.filter(({ history }) => TOOLS.includes(history.tool))) {
    logger.warn(
      `There is a history in ${labelOf(each)}, which is not taken over: call adopt() for its ` +
        "migrations to count as applied, or set the option adopt to false",
    );
  }
}

import type { Found } from "../check/_check.ts";
import { RULES } from "../rules/_all.ts";
import type { LintedMigration } from "../rules/_rule.ts";
import { type Observations, placeOf } from "./_observations.ts";

/**
 * Drops what a server was seen not to do, adds its words to what it does, and adds what no rule
 * has found.
 *
 * @param found what the rules have found
 * @param migrations the migrations
 * @param observations what the server was seen to do
 */
export function judge(
  found: readonly Found[],
  migrations: readonly LintedMigration[],
  observations: Observations,
): Found[] {
  const judged: Found[] = [];
  const told = new Set<string>();
  for (const each of found) {
    const { claims } = each.rule;
    const place = each.statement === undefined ? "" : placeOf(each.migration, each.statement);
    const observation = observations.get(place);
    if (claims === undefined || observation === undefined || !observation.seen.has(claims)) {
      judged.push(each);
      continue;
    }
    if (!observation.does.has(claims)) continue;
    told.add(`${place} ${claims}`);
    const { words } = observation;
    judged.push(words === undefined ? each : { ...each, message: `${each.message} (${words})` });
  }
  const rule = RULES.find(({ id }) => id === "observed-rewrite")!;
  for (const [migration, { statements }] of migrations.entries()) {
    for (const statement of statements.keys()) {
      const place = placeOf(migration, statement);
      const { does, words } = observations.get(place) ?? {};
      const claim = (["rewrite", "copies"] as const).find((each) => does?.has(each));
      if (claim === undefined || told.has(`${place} ${claim}`)) continue;
      judged.push({
        rule,
        migration,
        statement,
        message: `The server writes the table anew (${words})`,
      });
    }
  }
  return judged;
}

import type { JSX } from "preact";
import type { RunOutcome } from "../../runtime/run/run_program.ts";
import { shortName } from "../state/plugin_names.ts";
import { Banner } from "./result_pane.tsx";

/** Whether something hidden was reached. */
export function VerdictBanner({ outcome }: { readonly outcome: RunOutcome }): JSX.Element {
  const { verdict, facts, guarded, principal, queries } = outcome;
  const error = guarded.kind === "error" ? guarded.error : undefined;
  const hidden = facts.hidden === 0
    ? "Nothing is hidden"
    : `${facts.hidden} ${facts.hidden === 1 ? "row is" : "rows are"} hidden`;
  switch (verdict) {
    case "refused": {
      const plugin = queries.find(({ refusal }) => refusal?.plugin !== undefined)?.refusal?.plugin;
      const by = plugin === undefined ? "Refused" : `Refused by ${shortName(plugin)}`;
      return (
        <Banner kind={verdict} title={by}>
          <code>{error!.name}</code>: {error!.message}
        </Banner>
      );
    }
    case "failed":
      return (
        <Banner kind={verdict} title="The query failed">
          <code>{error!.name}</code>: {error!.message}
        </Banner>
      );
    case "filtered":
      return (
        <Banner kind={verdict} title="Filtered: nothing hidden was reached">
          {hidden} from{" "}
          {principal}. The result is the one of a database that holds nothing but the rest; Kysely
          alone returns something else.
        </Banner>
      );
    case "unchanged":
      return (
        <Banner kind={verdict} title="Nothing hidden is within reach of this program">
          {hidden} from{" "}
          {principal}. The result is the same with plugins, without, and on a database that holds
          nothing but the rest.
        </Banner>
      );
    case "protected":
      return (
        <Banner
          kind={verdict}
          title={facts.hidden === 0 ? "Written" : "Written: no hidden row was changed"}
        >
          {hidden} from {principal}
          {facts.hidden === 0 ? "." : ", and each is as it was."}
          {facts.sameAsVisible === true &&
            " The result is the one of a database that holds nothing but the rest."}
        </Banner>
      );
    case "reached":
      return (
        <Banner kind={verdict} title="Hidden rows were reached">
          {facts.hiddenChanged > 0
            ? `${facts.hiddenChanged} of ${facts.hidden} hidden rows were changed. `
            : "The result is not the one of a database that holds visible rows only. "}
          Functions that go past the plugins do so on purpose. If the program uses none, please
          report it.
        </Banner>
      );
    case "unknown":
      return (
        <Banner kind={verdict} title="The program was run">
          {hidden} from{" "}
          {principal}. There is nothing to compare the result with: the program does not run on a
          database that holds nothing but the rest.
        </Banner>
      );
  }
}

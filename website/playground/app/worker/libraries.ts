import * as audit from "@kysera/audit";
import * as core from "@kysera/core";
import * as dal from "@kysera/dal";
import * as executor from "@kysera/executor";
import * as repository from "@kysera/repository";
import * as rls from "@kysera/rls";
import * as softDelete from "@kysera/soft-delete";
import * as timestamps from "@kysera/timestamps";
import * as kysely from "kysely";
import * as postgresHelpers from "kysely/helpers/postgres";
import * as sqliteHelpers from "kysely/helpers/sqlite";

/** What the files of the editor can import. */
export const libraries: Readonly<Record<string, unknown>> = {
  "kysely": kysely,
  "kysely/helpers/postgres": postgresHelpers,
  "kysely/helpers/sqlite": sqliteHelpers,
  "@kysera/audit": audit,
  "@kysera/core": core,
  "@kysera/dal": dal,
  "@kysera/executor": executor,
  "@kysera/repository": repository,
  "@kysera/rls": rls,
  "@kysera/soft-delete": softDelete,
  "@kysera/timestamps": timestamps,
};

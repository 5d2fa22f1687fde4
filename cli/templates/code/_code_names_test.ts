import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { codeNames } from "./_code_names.ts";

const namesOf = (...tables: string[]) =>
  Object.fromEntries(
    [...codeNames(tables)].map(([table, names]) => [table, [names.typeName, names.fileName]]),
  );

describe("codeNames()", () => {
  it("makes singular names of types, and files called as the tables", () => {
    assert.deepEqual(
      namesOf("categories", "news", "user_roles", "userLogins", "Kunden", "status"),
      {
        categories: ["Category", "categories"],
        news: ["News", "news"],
        user_roles: ["UserRole", "user_roles"],
        userLogins: ["UserLogin", "userlogins"],
        Kunden: ["Kunden", "kunden"],
        status: ["Status", "status"],
      },
    );
  });

  it("makes identifiers and files of what is neither", () => {
    assert.deepEqual(namesOf("m²", "1st", "../up", "", "con", "class", "пользователи", "a_test"), {
      "m²": ["M", "m²"],
      "1st": ["_1st", "1st"],
      "../up": ["Up", "up"],
      "": ["_", "table"],
      con: ["Con", "con_table"],
      class: ["Class", "class"],
      пользователи: ["Пользователи", "пользователи"],
      a_test: ["ATest", "a_test_table"],
    });
  });

  it("gives no two tables the same name, in whatever letters", () => {
    const tables = ["user", "users", "Users", "new_users", "new users", "dates", "user_changes"];
    const names = namesOf(...tables);
    assert.equal(names["users"]![1], "users");
    const types = Object.values(names).flatMap(([type]) => [type, `New${type}`, `${type}Changes`]);
    assert.equal(new Set(types).size, types.length, String(types));
    const files = Object.values(names).map(([, file]) => file!.toLowerCase());
    assert.equal(new Set(files).size, files.length, String(files));
    assert.ok(!types.includes("Date"));
  });
});

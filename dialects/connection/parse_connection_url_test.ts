import { describe, it } from "node:test";
import assert from "node:assert/strict";
import { type ConnectionConfig, parseConnectionUrl } from "@kysera/dialects";

describe("parseConnectionUrl()", () => {
  const urls: [string, ConnectionConfig][] = [
    ["postgres://localhost/app", { dialect: "postgres", host: "localhost", database: "app" }],
    ["postgresql://h", { dialect: "postgres", host: "h", database: "" }],
    ["POSTGRES://h/", { dialect: "postgres", host: "h", database: "" }],
    ["postgres:///app", { dialect: "postgres", database: "app" }],
    ["postgres://h:/app", { dialect: "postgres", host: "h", database: "app" }],
    ["mysql://u@h:3307/d", {
      dialect: "mysql",
      host: "h",
      port: 3307,
      database: "d",
      user: "u",
    }],
    ["mariadb://u:@h/d", {
      dialect: "mysql",
      host: "h",
      database: "d",
      user: "u",
      password: "",
    }],
    ["postgres://us%3Aer:p%2F%23%3F%25%40s%20s@h/my%2Fdb", {
      dialect: "postgres",
      host: "h",
      database: "my/db",
      user: "us:er",
      password: "p/#?%@s s",
    }],
    ["postgres://u:a:b@c@h/d", {
      dialect: "postgres",
      host: "h",
      database: "d",
      user: "u",
      password: "a:b@c",
    }],
    ["postgres://u:+p+@h/d", {
      dialect: "postgres",
      host: "h",
      database: "d",
      user: "u",
      password: "+p+",
    }],
    ["postgres://[2001:db8::1]:6000/d", {
      dialect: "postgres",
      host: "2001:db8::1",
      port: 6000,
      database: "d",
    }],
    ["postgres://[::1]/d", { dialect: "postgres", host: "::1", database: "d" }],
    ["postgres://u@%2Fvar%2Frun%2Fpostgresql/d", {
      dialect: "postgres",
      host: "/var/run/postgresql",
      database: "d",
      user: "u",
    }],
    ["postgres://h/d?sslmode=verify-full&application_name=my%20app&flag", {
      dialect: "postgres",
      host: "h",
      database: "d",
      ssl: true,
      options: { sslmode: "verify-full", application_name: "my app", flag: "" },
    }],
    ["postgres://h/d?sslmode=disable", {
      dialect: "postgres",
      host: "h",
      database: "d",
      ssl: false,
      options: { sslmode: "disable" },
    }],
    ["postgres://h/d?sslmode=prefer", {
      dialect: "postgres",
      host: "h",
      database: "d",
      options: { sslmode: "prefer" },
    }],
    ["mysql://h/d?ssl-mode=VERIFY_CA", {
      dialect: "mysql",
      host: "h",
      database: "d",
      ssl: true,
      options: { "ssl-mode": "VERIFY_CA" },
    }],
    ["sqlserver://sa:pw@h:1433/d?encrypt=false", {
      dialect: "mssql",
      host: "h",
      port: 1433,
      database: "d",
      user: "sa",
      password: "pw",
      ssl: false,
      options: { encrypt: "false" },
    }],
    ["sqlite::memory:", { dialect: "sqlite", database: ":memory:" }],
    ["sqlite://:memory:", { dialect: "sqlite", database: ":memory:" }],
    ["sqlite:app.db", { dialect: "sqlite", database: "app.db" }],
    ["sqlite:./data/app.db", { dialect: "sqlite", database: "./data/app.db" }],
    ["sqlite://data/app.db", { dialect: "sqlite", database: "data/app.db" }],
    ["sqlite:///var/app.db", { dialect: "sqlite", database: "/var/app.db" }],
    ["sqlite:/var/app.db", { dialect: "sqlite", database: "/var/app.db" }],
    ["sqlite:my%20data/%C3%A9.db?mode=ro", {
      dialect: "sqlite",
      database: "my data/é.db",
      options: { mode: "ro" },
    }],
    ["file:app.db", { dialect: "sqlite", database: "app.db" }],
  ];
  for (const [url, expected] of urls) {
    it(`reads ${url}`, () => assert.deepEqual(parseConnectionUrl(url), expected));
  }

  const refused: [string, RegExp][] = [
    ["", /it begins with no known scheme, use one of postgres, postgresql, mysql/],
    ["localhost/hunter2", /it begins with no known scheme/],
    ["hunter2://u:hunter2@h/d", /it begins with no known scheme/],
    ["redis://u:hunter2@h/d", /it begins with no known scheme/],
    ["postgres:hunter2@h/d", /of scheme "postgres": two slashes must follow the scheme/],
    ["postgres://u:hunter2#@h/d", /it has a fragment; write # as %23/],
    ["postgres://u:hunter2/x@h/d", /it has a \/ or @ too many/],
    ["postgres://u:123/hunter2@h", /it has a \/ or @ too many/],
    ["postgres://u:hunter2/x", /its port is not a number from 1 to 65535/],
    ["postgres://u:hunter2?x@h/d", /its port is not a number from 1 to 65535/],
    ["postgres://u:hunter2%@h/d", /its password is not percent-encoded; write % as %25/],
    ["postgres://u:hunter2%ff@h/d", /its password is not percent-encoded/],
    ["postgres://u:hunter2%00@h/d", /its password has a NUL character/],
    ["postgres://%E0:hunter2@h/d", /its user name is not percent-encoded/],
    ["postgres://u:hunter2@h:0/d", /its port is not a number/],
    ["postgres://u:hunter2@h:65536/d", /its port is not a number/],
    ["postgres://u:hunter2@h1:5432,h2:5433/d", /its port is not a number/],
    ["postgres://u:hunter2@::1/d", /its port is not a number|its host is not valid/],
    ["postgres://u:hunter2@[::1/d", /its host is not valid; write an IPv6 address in brackets/],
    ["postgres://u:hunter2@h/d?a=1&a=hunter2", /it has an option twice/],
    ["postgres://u:hunter2@h/d?ssl=true&sslmode=disable", /both ask for encryption and refuse it/],
    ["sqlite:", /of scheme "sqlite": it has no path/],
    ["sqlite://", /it has no path/],
  ];
  for (const [url, message] of refused) {
    it(`refuses ${url || "an empty text"}, and keeps its secret`, () => {
      assert.throws(() => parseConnectionUrl(url), (error) => {
        assert.ok(error instanceof TypeError);
        assert.match(error.message, message);
        assert.doesNotMatch(`${error.message} ${error.stack} ${error.cause}`, /hunter2/);
        return true;
      });
    });
  }

  it("takes __proto__ for an option like any other", () => {
    const { options } = parseConnectionUrl("postgres://h/d?__proto__=x");
    assert.deepEqual(Object.entries(options!), [["__proto__", "x"]]);
    assert.equal(Object.getPrototypeOf(options), Object.prototype);
  });
});

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { openDatabase, openReplicas } from "../../lib/database/connect.ts";
import { readEnv } from "../../lib/env.ts";
import { cleanUp } from "../support/cleanup.ts";

interface Opened {
  config: { username: string; password: string; host: string; port: string; database: string };
  options: { dialectOptions: { ssl?: object }; pool: { max: number } };
}

describe("a database's URL", () => {
  it("says who, where and what, with special characters percent-encoded", async (t) => {
    const env = readEnv({
      DATABASE_URL: "mysql://an%40na:p%2Cw%40x%25@db.example:3307/my_db",
      DATABASE_POOL: "7",
    });
    const database = openDatabase(env);
    cleanUp(t, () => database.close());
    const { config, options } = database as unknown as Opened;
    assert.deepEqual(
      [config.username, config.password, config.host, `${config.port}`, config.database],
      ["an@na", "p,w@x%", "db.example", "3307", "my_db"],
    );
    assert.equal(options.dialectOptions.ssl, undefined);
    assert.equal(options.pool.max, 7);
  });

  it("with mysqls has TLS that looks at the certificate and its name", async (t) => {
    const database = openDatabase(readEnv({ DATABASE_URL: "MYSQLS://a:b@h/db" }));
    cleanUp(t, () => database.close());
    const { ssl } = (database as unknown as Opened).options.dialectOptions;
    assert.deepEqual(ssl, { minVersion: "TLSv1.2", verifyIdentity: true });
  });

  it("may be one of several for replicas", async (t) => {
    const env = readEnv({
      DATABASE_URL: "mysql://a:b@h/db",
      DATABASE_READ_URL: "mysql://a:b@one/db, mariadb://a:b@two/db",
    });
    const replicas = openReplicas(env);
    cleanUp(t, () => Promise.all(replicas.map((replica) => replica.close())));
    assert.deepEqual(
      replicas.map((replica) => (replica as unknown as Opened).config.host),
      ["one", "two"],
    );
  });

  for (const [url, problem] of [
    ["postgres://a:secret@h/db", /must be a URL beginning with mysql:\/\//],
    ["mysql://a:secret@/db", /must name one server/],
    ["mysql://a:secret@h:port/db", /must name one server/],
    ["mysql://a:secret@h1,h2/db", /must name one (server|database)/],
    ["mysql://a:secret@h", /must name one database/],
    ["mysql://a:secret@h/db/more", /must name one database/],
    ["mysqls://a:secret@h/db?ssl=false", /behind the name of the database/],
    ["mysql://a:secret%@h/db", /%25/],
  ] as const)
    it(`is refused, without a secret, when it is ${url}`, () => {
      for (const variables of [
        { DATABASE_URL: url },
        { DATABASE_URL: "mysql://a:b@h/db", DATABASE_READ_URL: url },
      ])
        assert.throws(
          () => readEnv(variables),
          ({ name, message }: Error) =>
            name === "EnvError" && problem.test(message) && !message.includes("secret"),
        );
    });

  it("of replicas is for nothing without the primary's", () => {
    assert.throws(() => readEnv({ DATABASE_READ_URL: "mysql://a:b@h/db" }), /needs DATABASE_URL/);
  });
});

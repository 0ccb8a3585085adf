import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { requireProgram } from "../../scripts/bootstrap/programs.mjs";
import { freePort } from "../../scripts/stack/free-port.ts";
import { mariadb } from "../../scripts/stack/mariadb.ts";
import { StackFolder } from "../../scripts/stack/stack-folder.ts";
import { selfSigned } from "../support/certificate.ts";
import { type CleanupScope, cleanUp } from "../support/cleanup.ts";
import { startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

/** Run apart, since a process reads the certificates that it trusts once. */
async function tell(
  t: CleanupScope,
  program: string,
  env: Record<string, string>,
): Promise<string> {
  const { ended, output } = await startProcess(t, {
    command: process.execPath,
    args: ["--no-deprecation", "--input-type=module", "--eval", program],
    env: { ROOT: new URL("../../", import.meta.url).href, NODE_EXTRA_CA_CERTS: undefined, ...env },
  });
  await ended;
  return output().trim();
}

describe("MariaDB over TLS", async () => {
  const scope = { after };
  const folder = await tempDir(scope);
  const { key, cert } = selfSigned(folder, "DNS:localhost");
  const stack = new StackFolder(join(folder, "stack"));
  const server = await mariadb(stack, [`--ssl-key=${key}`, `--ssl-cert=${cert}`]);
  cleanUp(scope, () => server.kill());
  await server.start();

  const PROGRAM = `
    const { openDatabase, expectDatabase } = await import(process.env.ROOT + "lib/database/connect.ts");
    const { readEnv } = await import(process.env.ROOT + "lib/env.ts");
    const env = readEnv(process.env);
    const database = openDatabase(env);
    try {
      await expectDatabase(database, env);
      const [[row]] = await database.query("SHOW STATUS LIKE 'Ssl_version'");
      console.log(row.Value === "" ? "no TLS" : row.Value);
    } catch (error) {
      console.log(error.message);
    }
    await database.close();`;
  const url = (scheme: string, host: string) =>
    server.url.replace("mysql:", `${scheme}:`).replace("127.0.0.1", host);

  it("is spoken when the URL says so and somebody trusted vouches for the server", async (t) => {
    const env = { DATABASE_URL: url("mysqls", "localhost"), NODE_EXTRA_CA_CERTS: cert };
    assert.match(await tell(t, PROGRAM, env), /^TLSv1\.[23]$/);
  });

  it("tells nothing to a server that nobody vouches for", async (t) => {
    const env = { DATABASE_URL: url("mysqls", "localhost") };
    assert.match(await tell(t, PROGRAM, env), /cannot be used \(self-signed certificate/);
  });

  it("is not spoken when the URL does not say so", async (t) => {
    assert.equal(await tell(t, PROGRAM, { DATABASE_URL: server.url }), "no TLS");
  });

  it("tells nothing to a server whose certificate is another one's", async (t) => {
    selfSigned(folder, "DNS:elsewhere.example");
    await server.restart();
    const env = { DATABASE_URL: url("mysqls", "localhost"), NODE_EXTRA_CA_CERTS: cert };
    assert.match(await tell(t, PROGRAM, env), /does not match certificate/);
  });
});

describe("NATS", () => {
  const PROGRAM = `
    const { connectNats } = await import(process.env.ROOT + "lib/nats/connect.ts");
    try {
      const nats = await connectNats(process.env.NATS_URL, 1000);
      await (await nats.jetstreamManager()).getAccountInfo();
      console.log("JetStream");
      await nats.close();
    } catch (error) {
      console.log(error.message);
    }`;

  /** A server with JetStream. */
  async function natsServer(t: CleanupScope, settings: object): Promise<string> {
    const folder = await tempDir(t);
    const port = await freePort(new Set());
    const file = join(folder, "nats.conf");
    const jetstream = { store_dir: folder };
    writeFileSync(file, JSON.stringify({ host: "127.0.0.1", port, jetstream, ...settings }));
    const command = requireProgram("nats-server");
    await startProcess(t, { command, args: ["-c", file], ready: /Server is ready/ });
    return `127.0.0.1:${port}`;
  }

  it("is reached over TLS when the URL says so and somebody trusted vouches for it, else told nothing", async (t) => {
    const { key, cert } = selfSigned(await tempDir(t));
    const at = await natsServer(t, {
      tls: { key_file: key, cert_file: cert },
      authorization: { user: "anna", password: "p@ss,word" },
    });
    const NATS_URL = `tls://anna:p%40ss%2Cword@${at}`;
    assert.equal(await tell(t, PROGRAM, { NATS_URL, NODE_EXTRA_CA_CERTS: cert }), "JetStream");
    assert.match(await tell(t, PROGRAM, { NATS_URL }), /cannot be used \(self-signed certificate/);
  });

  it("is told nothing when TLS is asked for and it has none", async (t) => {
    const at = await natsServer(t, {});
    assert.match(
      await tell(t, PROGRAM, { NATS_URL: `tls://anna:secret@${at}` }),
      /^NATS of NATS_URL cannot be used \((?!.*secret)/,
    );
  });

  it("lets in who has the token, and tells others at once that it does not", async (t) => {
    const at = await natsServer(t, { authorization: { token: "s3cr3t" } });
    assert.equal(await tell(t, PROGRAM, { NATS_URL: `nats://s3cr3t@${at}` }), "JetStream");
    assert.match(
      await tell(t, PROGRAM, { NATS_URL: `nats://wrong@${at}` }),
      /cannot be used \('?Authorization Violation'?\)/,
    );
  });
});

import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { it, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { type EtcdServer, startEtcd } from "../support/etcd.ts";
import { startProcess } from "../support/process.ts";
import { tempDir } from "../support/temp-dir.ts";

const CONNECT = pathToFileURL(join(import.meta.dirname, "../../lib/etcd/connect.ts")).href;

/** Run apart, since a process reads the certificates that it trusts once. */
const SAVE_AND_LOAD = `
  import { openEtcd } from ${JSON.stringify(CONNECT)};
  const etcd = openEtcd(process.env.URL);
  try {
    await etcd.put("a").value("kept over TLS").exec();
    console.log(await etcd.get("a").string());
  } catch (error) {
    console.log(error.message);
  }
  etcd.close();
`;

/** An etcd that speaks TLS only, with a certificate that it has made for itself. */
async function startSecureEtcd(t: TestContext) {
  const dataDir = join(await tempDir(t), "data");
  const etcd = await startEtcd(t, ["--auto-tls", "--data-dir", dataDir], "https");
  const folder = join(dataDir, "fixtures", "client");
  const certificate = (await readdir(folder)).find((name) => name.startsWith("cert"));
  return { etcd, certificate: join(folder, certificate as string) };
}

async function talk(t: TestContext, { address }: EtcdServer, env: Record<string, string>) {
  const { ended, output } = await startProcess(t, {
    command: process.execPath,
    // gRPC names an address where TLS wants names, which Node deprecates.
    args: ["--no-deprecation", "--input-type=module", "--eval", SAVE_AND_LOAD],
    env: {
      URL: `https://${address}`,
      SSL_CERT_FILE: undefined,
      NODE_EXTRA_CA_CERTS: undefined,
      ...env,
    },
  });
  await ended;
  return output().trim();
}

for (const variable of ["SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"])
  it(`etcd is reached over TLS when ${variable} vouches for it`, async (t) => {
    const { etcd, certificate } = await startSecureEtcd(t);
    assert.equal(await talk(t, etcd, { [variable]: certificate }), "kept over TLS");
  });

it("etcd is told nothing over TLS when nobody vouches for it", async (t) => {
  const { etcd } = await startSecureEtcd(t);
  assert.match(await talk(t, etcd, {}), /^14 UNAVAILABLE.*self-signed certificate/);
});

it("etcd without TLS is told nothing when TLS is asked for", async (t) => {
  assert.match(await talk(t, await startEtcd(t), {}), /^14 UNAVAILABLE/);
});

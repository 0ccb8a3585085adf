import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { freePort } from "../../scripts/stack/free-port.ts";
import { startProcess } from "../support/process.ts";
import { redisClient } from "../support/redis-client.ts";
import { tempDir } from "../support/temp-dir.ts";
import { waitFor } from "../support/wait-for.ts";

it("rediss:// speaks TLS with a server whose certificate is trusted, and with no other", async (t) => {
  const folder = await tempDir(t);
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  execFileSync(
    "openssl",
    [
      ...[
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-keyout",
        key,
        "-out",
        cert,
      ],
      ...["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
    ],
    { stdio: "ignore" },
  );
  const port = await freePort(new Set());
  const conf = join(folder, "redis.conf");
  const settings = [
    ...["bind 127.0.0.1", "port 0", `tls-port ${port}`, `tls-cert-file ${cert}`],
    ...[`tls-key-file ${key}`, "tls-auth-clients no", "requirepass secret", 'save ""'],
    ...[`dir ${folder}`, ""],
  ];
  writeFileSync(conf, settings.join("\n"));
  await startProcess(t, { command: "redis-server", args: [conf], ready: /Ready to accept/ });
  const url = `rediss://:secret@localhost:${port}`;

  const program = `
    const { openRedis, closeRedis } = await import(process.env.MODULE);
    const redis = openRedis(process.env.REDIS_URL);
    console.log(await redis.ping());
    await closeRedis(redis);`;
  const trusting = await startProcess(t, {
    command: process.execPath,
    args: ["--input-type=module", "--eval", program],
    env: {
      MODULE: new URL("../../lib/redis/connect.ts", import.meta.url).href,
      NODE_EXTRA_CA_CERTS: cert,
      REDIS_URL: url,
    },
  });
  await trusting.ended;
  assert.equal(trusting.output(), "PONG\n");

  const { redis, news } = redisClient(t, url);
  await assert.rejects(redis.ping());
  await waitFor(() => news.length > 0);
  assert.match(JSON.stringify(news[0]), /self-signed certificate/);
});

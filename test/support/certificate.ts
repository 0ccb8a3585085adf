import { execFileSync } from "node:child_process";
import { join } from "node:path";

/** A certificate that a server on this machine has made for itself, for one day. */
export function selfSigned(
  folder: string,
  names = "DNS:localhost,IP:127.0.0.1",
): { key: string; cert: string } {
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"];
  const subject = ["-subj", "/CN=molimoli test", "-addext", `subjectAltName=${names}`];
  execFileSync("openssl", [...request, "-keyout", key, "-out", cert, ...subject], {
    stdio: "ignore",
  });
  return { key, cert };
}

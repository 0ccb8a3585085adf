import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Failure } from "../bootstrap/failure.mjs";
import { freePort, isFree } from "./free-port.ts";

/** 192 bits, in letters, digits, "-" and "_" only: no URL or configuration needs to quote them. */
const SECRET_BYTES = 24;

interface Remembered {
  ports: Record<string, number>;
  secrets: Record<string, string>;
}

/**
 * Where a stack lives: a folder for each server, and a file that remembers ports and passwords, so
 * that a folder that was kept comes up again under the same URLs. Only its owner can look inside.
 */
export class StackFolder {
  readonly path: string;
  readonly #file: string;
  readonly #remembered: Remembered;
  readonly #handedOut = new Set<number>();

  /** @throws Failure when it cannot be written, or holds something else than a stack */
  constructor(path: string) {
    this.path = path;
    this.#file = join(path, "stack.json");
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
      this.#remembered = read(this.#file);
      this.save();
    } catch (error) {
      throw new Failure(`${path} cannot be used for a stack: ${(error as Error).message}`);
    }
  }

  /** The folder of one server. */
  of(server: string): string {
    const path = join(this.path, server);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  }

  /** @throws Failure when the port of before belongs to somebody else now */
  async port(name: string): Promise<number> {
    const known = this.#remembered.ports[name];
    if (known !== undefined && !(await isFree(known)))
      throw new Failure(
        `port ${known}, which ${name} in ${this.path} had before, is taken; does another stack run there?`,
      );
    const port = known ?? (await freePort(this.#handedOut));
    this.#handedOut.add(port);
    this.#remembered.ports[name] = port;
    return port;
  }

  secret(name: string): string {
    this.#remembered.secrets[name] ??= randomBytes(SECRET_BYTES).toString("base64url");
    return this.#remembered.secrets[name];
  }

  /** Remembers what was handed out. */
  save(): void {
    writeFileSync(this.#file, JSON.stringify(this.#remembered, null, 2), { mode: 0o600 });
  }
}

function read(file: string): Remembered {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return { ports: {}, secrets: {} };
  }
  const { ports, secrets } = JSON.parse(text);
  return { ports: { ...ports }, secrets: { ...secrets } };
}

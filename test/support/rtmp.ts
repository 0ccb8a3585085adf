import { readFileSync } from "node:fs";
import { type CleanupScope, cleanUp } from "./cleanup.ts";
import { type StartedProcess, startProcess } from "./process.ts";
import { connectTo, type RawClient } from "./raw-client.ts";

/** Sends a test picture with ffmpeg, ten times a second, until it is stopped or turned away. */
export function publish(t: CleanupScope, port: number, key: string): Promise<StartedProcess> {
  const picture = "-re -f lavfi -i testsrc=size=160x120:rate=10 -c:v flv1 -f flv".split(" ");
  const args = ["-nostdin", "-v", "error", ...picture, `rtmp://127.0.0.1:${port}/live/${key}`];
  return startProcess(t, { command: "ffmpeg", args });
}

/** Connects, and shakes hands as RTMP has it. */
export async function greet(t: CleanupScope, port: number): Promise<RawClient> {
  const client = await connectTo(t, port);
  client.send(Buffer.concat([Buffer.from([3]), Buffer.alloc(1536)]));
  client.send(Buffer.alloc(1536));
  return client;
}

/** An RTMP command with an object and maybe a text after it, as one chunk of 128 bytes at most. */
export function command(name: string, fields: Record<string, string>, last?: string): Buffer {
  const text = (value: string) =>
    Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)]);
  const object = Object.entries(fields).flatMap(([key, value]) => [
    text(key),
    Buffer.from([2]),
    text(value),
  ]);
  const one = Buffer.from("003ff0000000000000", "hex");
  const body = [Buffer.from([2]), text(name), one, Buffer.from([3]), ...object];
  const payload = Buffer.concat([
    ...body,
    Buffer.from([0, 0, 9]),
    ...(last === undefined ? [] : [Buffer.from([2]), text(last)]),
  ]);
  const header = Buffer.from([3, 0, 0, 0, 0, 0, payload.length, 20, 0, 0, 0, 0]);
  return Buffer.concat([header, payload]);
}

/** Processes that a process started; ends those that a failed test would leave behind. */
export function childrenOf(t: CleanupScope, pid: number): number[] {
  const list = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8");
  const pids = list.trim().split(" ").filter(Boolean).map(Number);
  cleanUp(t, () => {
    for (const child of pids) {
      try {
        process.kill(child, "SIGKILL");
      } catch {
        // Gone, as it should be.
      }
    }
  });
  return pids;
}

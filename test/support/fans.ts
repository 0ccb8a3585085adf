import { Agent, request } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import type { Chance } from "./chance.ts";
import type { Address } from "./show.ts";

/** What is known of a like: it is there, it is not, or the answer that would tell was lost. */
export type Known = boolean | "unknown";

/** What became of a request; one that found nobody was certainly not done. */
type Fate = "done" | "lost" | "nobody there";

/** No answer after this time is no answer, in milliseconds. */
const ANSWER_MS = 20_000;
/** Who found nobody at a gateway goes to another one after this time, in milliseconds. */
const RETURN_MS = 300;

/**
 * Somebody who likes and unlikes videos at random, one after the other, and keeps in mind what became
 * of it. A video whose answer was lost is left alone from then on: what was sent may still be done.
 */
export class Fan {
  readonly userId: number;
  /** By video. */
  readonly truth = new Map<number, Known>();
  answered = 0;
  lost = 0;
  private readonly token: string;
  private readonly gateways: readonly Address[];
  private turn: number;

  constructor(options: { userId: number; token: string; gateways: readonly Address[] }) {
    this.userId = options.userId;
    this.token = options.token;
    this.gateways = options.gateways;
    this.turn = options.userId;
  }

  /** One like or unlike, answered or lost. */
  async act(random: Chance, videos: readonly number[]): Promise<void> {
    const open = videos.filter((video) => this.truth.get(video) !== "unknown");
    const video = open[random.whole(0, open.length - 1)];
    if (video === undefined) throw new Error("no video is left to like");
    const likes = random.whole(0, 1) === 1;
    for (;;) {
      const fate = await this.send(video, likes ? 1 : 2);
      if (fate === "done") {
        this.truth.set(video, likes);
        this.answered += 1;
        return;
      }
      this.turn += 1;
      await pause(RETURN_MS);
      if (fate === "nobody there") continue;
      this.truth.set(video, "unknown");
      this.lost += 1;
      return;
    }
  }

  private async send(video_id: number, action_type: 1 | 2): Promise<Fate> {
    const { port } = this.gateways[this.turn % this.gateways.length] as Address;
    const path = `/douyin/favorite/action/?video_id=${video_id}&action_type=${action_type}`;
    const answer = await post(port, path, this.token).catch(
      (error: NodeJS.ErrnoException) => error,
    );
    if (answer instanceof Error) return answer.code === "ECONNREFUSED" ? "nobody there" : "lost";
    if (answer.status >= 500) return "lost";
    const { status_code } = JSON.parse(answer.text) as { status_code: number };
    // Nothing that a node or a connection that dies explains.
    if (status_code !== 0) throw new Error(`${answer.status} ${answer.text}`);
    return "done";
  }
}

const agent = new Agent({ keepAlive: true });

/** Rejects when there is no answer. Thousands of these cost half of what fetch takes. */
function post(
  port: number,
  path: string,
  token: string,
): Promise<{ status: number; text: string }> {
  const headers = { authorization: `Bearer ${token}`, "content-length": "0" };
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: "127.0.0.1", port, path, method: "POST", agent, headers, timeout: ANSWER_MS },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
        response.on("aborted", () => reject(new Error("cut off")));
      },
    );
    sent.on("timeout", () => sent.destroy(new Error("no answer")));
    sent.on("error", reject);
    sent.end();
  });
}

/** A gateway that does not renew its interest for this long has none any more. */
export const INTEREST_MS = 15_000;

interface Interest {
  viewers: number;
  until_ms: number;
}

/** Which gateways have viewers of a room, and how many. */
export class Audience {
  private readonly gateways = new Map<string, Interest>();
  private total = 0;
  /** Cached list of node ids; rebuilt when a gateway comes or goes. */
  private list: string[] = [];

  get viewers(): number {
    return this.total;
  }

  get nodes(): string[] {
    return this.list;
  }

  /** A gateway says how many viewers it has now; 0 withdraws it. */
  set(nodeId: string, viewers: number, nowMs: number): void {
    const known = this.gateways.get(nodeId);
    this.total += viewers - (known?.viewers ?? 0);
    if (viewers === 0) this.gateways.delete(nodeId);
    else this.gateways.set(nodeId, { viewers, until_ms: nowMs + INTEREST_MS });
    if ((known !== undefined) !== viewers > 0) this.list = [...this.gateways.keys()];
  }

  /** Drops gateways that have fallen silent. */
  expire(nowMs: number): void {
    for (const [nodeId, interest] of this.gateways)
      if (nowMs >= interest.until_ms) this.set(nodeId, 0, nowMs);
  }
}

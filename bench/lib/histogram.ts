/** Counts of whole milliseconds; what is longer than ten seconds counts as that. */
export class Histogram {
  private readonly counts = new Uint32Array(10_001);
  private total = 0;

  add(ms: number): void {
    const slot = Math.max(0, Math.min(10_000, ms));
    this.counts[slot] = (this.counts[slot] as number) + 1;
    this.total++;
  }

  /** The least value that at least that share (0 to 100) of all values do not exceed. */
  percentile(share: number): number {
    const rank = Math.ceil((this.total * share) / 100);
    let seen = 0;
    for (let ms = 0; ms < this.counts.length; ms++) {
      seen += this.counts[ms] as number;
      if (seen >= rank && seen > 0) return ms;
    }
    return 0;
  }
}

interface Scored {
  id: number;
  score: Buffer;
}

/**
 * Keeps the `count` smallest scores of any number of offers: a heap with the worst of them on top,
 * so that most offers cost one comparison. The same offers in any order keep the same.
 */
export class SmallestScores {
  readonly #count: number;
  readonly #heap: Scored[] = [];

  /** @throws RangeError unless count is a positive integer */
  constructor(count: number) {
    if (!Number.isInteger(count) || count < 1)
      throw new RangeError(`count must be a positive integer, got ${count}`);
    this.#count = count;
  }

  offer(id: number, score: Buffer): void {
    const heap = this.#heap;
    const offered = { id, score };
    if (heap.length < this.#count) {
      heap.push(offered);
      this.#rise(heap.length - 1);
    } else if (precedes(offered, heap[0] as Scored)) {
      heap[0] = offered;
      this.#sink();
    }
  }

  /** The ids of the scores kept, smallest score first. */
  ids(): number[] {
    return this.#heap.toSorted((a, b) => (precedes(a, b) ? -1 : 1)).map(({ id }) => id);
  }

  #rise(start: number): void {
    const heap = this.#heap;
    let at = start;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!precedes(heap[parent] as Scored, heap[at] as Scored)) return;
      swap(heap, parent, at);
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let worst = at;
      for (const child of [2 * at + 1, 2 * at + 2])
        if (child < heap.length && precedes(heap[worst] as Scored, heap[child] as Scored))
          worst = child;
      if (worst === at) return;
      swap(heap, worst, at);
      at = worst;
    }
  }
}

/** Two equal scores are a SHA-256 collision; should one ever be found, the older account goes first. */
function precedes(a: Scored, b: Scored): boolean {
  const order = a.score.compare(b.score);
  return order === 0 ? a.id < b.id : order < 0;
}

function swap(heap: Scored[], a: number, b: number): void {
  const kept = heap[a] as Scored;
  heap[a] = heap[b] as Scored;
  heap[b] = kept;
}

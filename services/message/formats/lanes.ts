/**
 * Rows of the screen, numbered from the top, that texts are drawn in. A text takes the first lane
 * that holds nothing it would touch; if there is none, one where it touches only texts of the other
 * kind (a moving text passes a standing one, two of a kind hide each other); else the one that its
 * own kind leaves free soonest.
 */
export interface Lanes {
  /** The lane of a text that crosses the screen from right to left, looked for from the top. */
  placeMoving(start: number, width: number): number;
  /** The lane of a text that stands still, looked for from the edge it belongs to. */
  placeStanding(start: number, edge: "top" | "bottom"): number;
}

/**
 * Creates empty lanes. Any unit of time and of width will do. All texts cross in the same time, so
 * longer ones move faster.
 *
 * With a screen of width W and a crossing of D, a text of width w starts with its head at W, moves
 * by (W + w) / D, and D later its tail is at 0. Both motions are linear, so a text keeps clear of an
 * earlier one all the way if it does so at its two ends:
 * - when it appears, the earlier tail is inside the screen: D·w₁ / (W + w₁) after that one's start;
 * - when its head is at 0, D·W / (W + w₂) after its own start, the earlier text has left.
 * So two moments stand for all the moving texts that a lane has seen.
 *
 * @param options.crossing how long a moving text is on the screen
 * @param options.stay how long a standing text is
 */
export function createLanes(options: {
  count: number;
  screenWidth: number;
  crossing: number;
  stay: number;
}): Lanes {
  const { count, screenWidth, crossing, stay } = options;
  /** When the last tail is inside the screen, by lane. */
  const entered = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  /** When the last moving text has left the screen. */
  const left = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);
  /** When the last standing text is taken away. */
  const cleared = new Float64Array(count).fill(Number.NEGATIVE_INFINITY);

  /**
   * @param ownFrom from when a lane is free of texts of the same kind, for this text
   * @param otherFrom from when it is free of texts of the other kind
   */
  function choose(
    start: number,
    isFromBottom: boolean,
    ownFrom: (lane: number) => number,
    otherFrom: (lane: number) => number,
  ): number {
    let best = 0;
    let bestFrom = Number.POSITIVE_INFINITY;
    for (let step = 0; step < count; step++) {
      const lane = isFromBottom ? count - 1 - step : step;
      const from = Math.max(start, ownFrom(lane));
      if (from === start && otherFrom(lane) <= start) return lane;
      if (from < bestFrom) {
        best = lane;
        bestFrom = from;
      }
    }
    return best;
  }

  return {
    placeMoving(start, width) {
      const untilInside = (crossing * width) / (screenWidth + width);
      const untilAcross = crossing - untilInside;
      const lane = choose(
        start,
        false,
        (index) => Math.max(time(entered, index), time(left, index) - untilAcross),
        (index) => time(cleared, index),
      );
      entered[lane] = Math.max(time(entered, lane), start + untilInside);
      left[lane] = Math.max(time(left, lane), start + crossing);
      return lane;
    },
    placeStanding(start, edge) {
      const lane = choose(
        start,
        edge === "bottom",
        (index) => time(cleared, index),
        (index) => time(left, index),
      );
      cleared[lane] = Math.max(time(cleared, lane), start + stay);
      return lane;
    },
  };
}

function time(times: Float64Array, lane: number): number {
  return times[lane] ?? Number.NEGATIVE_INFINITY;
}

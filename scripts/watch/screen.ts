const CLEAR_LINE = "\r\x1b[K";

/**
 * Lines that scroll, over one line that stays at the bottom of a terminal. Where the output is no
 * terminal there is no bottom, and the status is left out.
 */
export class Screen {
  private readonly out: NodeJS.WriteStream;
  private readonly hasBottom: boolean;
  private bottom = "";

  constructor(out: NodeJS.WriteStream) {
    this.out = out;
    this.hasBottom = out.isTTY === true;
  }

  get isTerminal(): boolean {
    return this.hasBottom;
  }

  print(...lines: string[]): void {
    if (lines.length === 0) return;
    const text = lines.map((line) => `${line}\n`).join("");
    this.out.write(this.hasBottom ? `${CLEAR_LINE}${text}${this.bottom}` : text);
  }

  /** @param text must fit into one line */
  status(text: string): void {
    if (!this.hasBottom || text === this.bottom) return;
    this.bottom = text;
    this.out.write(CLEAR_LINE + text);
  }

  /** Leaves the terminal as it was found. */
  close(): void {
    if (this.hasBottom && this.bottom !== "") this.out.write(CLEAR_LINE);
    this.bottom = "";
  }
}

// What a scenario and its Rust test say to each other: one JSON value a line, each way.

import readline from 'node:readline';

export class Talk {
  /**
   * @param {NodeJS.ReadStream} input
   * @param {NodeJS.WriteStream} output
   */
  constructor(input, output) {
    this.output = output;
    /** @type {unknown[]} */
    this.heard = [];
    /** @type {((value: unknown) => void)[]} */
    this.waiting = [];
    this.lines = readline.createInterface({ input });
    this.lines.on('line', (line) => {
      const value = JSON.parse(line);
      const first = this.waiting.shift();
      if (first) {
        first(value);
      } else {
        this.heard.push(value);
      }
    });
  }

  /** @param {() => void} then What to do when the test is gone. */
  onEnd(then) {
    this.ended = then;
    this.lines.on('close', () => this.ended?.());
  }

  /** @param {unknown} value */
  say(value) {
    this.output.write(`${JSON.stringify(value)}\n`);
  }

  /** @returns {Promise<unknown>} The next value that the test says. */
  hear() {
    if (this.heard.length > 0) {
      return Promise.resolve(this.heard.shift());
    }
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  close() {
    this.ended = undefined;
    this.lines.close();
  }
}

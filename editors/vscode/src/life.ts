// The life of a server process: what it says, and whether it is started again.

import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import type * as vscode from 'vscode';
import * as lc from 'vscode-languageclient/node';

/** How often the server is started again by itself, within how long. */
const MAX_RESTARTS = 4;
const RESTARTS_WITHIN_MS = 3 * 60 * 1000;

/** How long to wait for what a server says at its end. */
const LAST_WORDS_MS = 1000;

/** What the server writes to its standard error. */
export class Voice {
  private last: string | undefined;
  private silence: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: vscode.LogOutputChannel) {}

  hear(input: Readable): void {
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      this.log.error(line);
      this.last = line;
    });
    this.silence = once(lines, 'close');
  }

  /** Returns the last line of a server that has ended, if it wrote any. */
  async lastWords(): Promise<string | undefined> {
    await Promise.race([this.silence, setTimeout(LAST_WORDS_MS, undefined, { ref: false })]);
    return this.last;
  }
}

/** Has a server that ended started again, unless it never came up or ends again and again. */
export class Endurance implements lc.ErrorHandler {
  private wasUp = false;
  private ends: number[] = [];

  constructor(private readonly gaveUp: () => void) {}

  up(): void {
    this.wasUp = true;
  }

  error(): lc.ErrorHandlerResult {
    // A broken connection is closed as well, and `closed` decides.
    return { action: lc.ErrorAction.Continue };
  }

  closed(): lc.CloseHandlerResult {
    if (!this.wasUp) {
      return { action: lc.CloseAction.DoNotRestart, message: 'The server ended before it was up.' };
    }
    const now = Date.now();
    this.ends = [...this.ends.filter((end) => now - end < RESTARTS_WITHIN_MS), now];
    if (this.ends.length <= MAX_RESTARTS) {
      return { action: lc.CloseAction.Restart, message: 'The server has ended and is started again.', handled: true };
    }
    this.ends = [];
    this.gaveUp();
    return { action: lc.CloseAction.DoNotRestart, message: 'The server has ended too often.' };
  }
}

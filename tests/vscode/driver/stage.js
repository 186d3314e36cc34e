// Where a scenario plays: a server, a browser, windows, and the Rust test that watches.

import fs from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { Server } from './server.js';
import { quiet } from './settings.js';
import { Window } from './window.js';

/**
 * What the Rust test wants.
 * @typedef {object} Wishes
 * @property {string} server The folder of VS Code's server.
 * @property {string} chromium The browser's program.
 * @property {string | null} vsix The packed extension.
 * @property {string} profile A folder that is not there yet.
 * @property {string} folder What a window opens: a folder, or a `.code-workspace` file.
 * @property {string} sources The folder of the extension's sources.
 * @property {Record<string, unknown>} settings More of the user's settings.
 * @property {Record<string, unknown>} machine Settings of the machine.
 * @property {unknown} more What only this scenario wants.
 * @property {string} pictures Where pictures go.
 * @property {string} evidence Where to keep what explains a failure.
 * @property {[number, number]} size Of a window, in pixels.
 */

const BROWSER = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
];

export class Stage {
  /**
   * @param {Wishes} wishes
   * @param {import('./talk.js').Talk} talk
   */
  constructor(wishes, talk) {
    this.wishes = wishes;
    this.talk = talk;
    this.server = new Server(wishes.server, wishes.profile);
    /** @type {Window[]} */
    this.windows = [];
  }

  /** Starts VS Code with the extension installed. The first window starts it if nobody did. */
  async start() {
    if (this.browser) {
      return;
    }
    this.server.configure({ ...quiet, ...this.wishes.settings }, this.wishes.machine);
    if (this.wishes.vsix) {
      this.server.install(this.wishes.vsix);
    }
    await this.server.start();
    this.browser = await chromium.launch({ executablePath: this.wishes.chromium, args: BROWSER, timeout: 60_000 });
  }

  /**
   * Opens a window, on what the test wants, on another folder, or on none.
   * @param {{ folder?: string | null, query?: Record<string, string>, prepare?: (page: import('playwright-core').Page) => Promise<void> }} [how]
   */
  async open(how = {}) {
    await this.start();
    const [width, height] = this.wishes.size;
    // Every window is a browser of its own to VS Code: its own storage, as on another machine.
    const context = await /** @type {import('playwright-core').Browser} */ (this.browser).newContext({
      viewport: { width, height },
    });
    const page = await context.newPage();
    const window = new Window(page, this.wishes.pictures);
    this.windows.push(window);
    await how.prepare?.(page);
    const folder = how.folder === undefined ? this.wishes.folder : how.folder;
    const kind = folder?.endsWith('.code-workspace') ? 'workspace' : 'folder';
    const opened = folder === null ? { ew: 'true' } : { [kind]: folder };
    await page.goto(this.server.url({ ...opened, ...how.query }), { waitUntil: 'domcontentloaded' });
    return window;
  }

  /**
   * Tells the Rust test how far it has come, and waits for its answer.
   * @param {string} step
   * @param {unknown} [data]
   * @returns {Promise<unknown>}
   */
  step(step, data) {
    this.talk.say({ step, data: data ?? null });
    return this.talk.hear();
  }

  /** Keeps what explains a failure. Returns where. */
  async keepEvidence() {
    const { evidence } = this.wishes;
    fs.rmSync(evidence, { recursive: true, force: true });
    fs.mkdirSync(evidence, { recursive: true });
    for (const [number, window] of this.windows.entries()) {
      const path_ = path.join(evidence, `window-${number + 1}`);
      await window.page.screenshot({ path: `${path_}.png` }).catch(() => undefined);
      fs.writeFileSync(`${path_}.log`, window.console.join('\n'));
    }
    fs.writeFileSync(path.join(evidence, 'server.log'), this.server.log);
    const logs = path.join(this.server.data, 'data/logs');
    if (fs.existsSync(logs)) {
      fs.cpSync(logs, path.join(evidence, 'logs'), { recursive: true });
    }
    return evidence;
  }

  async close() {
    await this.browser?.close().catch(() => undefined);
    await this.server.stop();
  }
}

// One window of VS Code, as the person in front of it: what they see, what they click and type.

import fs from 'node:fs';
import path from 'node:path';

/** How long anything may take that needs no container, and what needs one. Milliseconds. */
export const SHORT = 60_000;
export const LONG = 240_000;

export class Window {
  /**
   * @param {import('playwright-core').Page} page
   * @param {string} pictures
   */
  constructor(page, pictures) {
    this.page = page;
    this.pictures = pictures;
    /** @type {string[]} */
    this.console = [];
    page.setDefaultTimeout(SHORT);
    page.on('console', (message) => this.console.push(`${message.type()}: ${message.text()}`));
    // A page with unsaved text asks before it goes.
    page.on('dialog', (dialog) => void dialog.accept());
  }

  /** Waits until the files are listed and the extension says that it is up. */
  async ready() {
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
    await this.statusItem.waitFor();
  }

  /** The extension's item in the status bar. */
  get statusItem() {
    return this.page.locator('.statusbar-item[id="aca.aca.aca.status"]');
  }

  /** The editor that was used last. */
  get editor() {
    return this.page.locator('.editor-group-container.active .editor-instance');
  }

  /**
   * Opens a file by its name, as Go to File does, and waits until its tab is in front.
   * @param {string} name
   */
  async openFile(name) {
    await this.retried(async () => {
      await this.page.keyboard.press('Control+P');
      await this.quickInput.waitFor({ state: 'visible', timeout: 4000 });
      await this.quickInput.fill(name);
      const label = path.basename(name);
      await this.page
        .locator('.quick-input-list .monaco-list-row', { hasText: label })
        .first()
        .click({ timeout: 5000 });
    });
    await this.tab(path.basename(name)).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  /**
   * The tab in front, if its label is this one.
   * @param {string} label
   */
  tab(label) {
    return this.page.locator(`.tab.active[data-resource-name="${label}"]`);
  }

  get quickInput() {
    return this.page.locator('.quick-input-widget input.input');
  }

  /**
   * Runs a command from the palette by its whole label.
   * @param {string} title
   */
  async command(title) {
    await this.retried(async () => {
      await this.page.keyboard.press('F1');
      await this.quickInput.waitFor({ state: 'visible', timeout: 4000 });
      await this.quickInput.fill(`>${title}`);
      const row = this.page.locator('.quick-input-list .monaco-list-row', {
        has: this.page.locator(`.label-name:text-is(${JSON.stringify(title)})`),
      });
      await row.first().click({ timeout: 5000 });
    });
  }

  /**
   * Answers the input box that a command has opened.
   * @param {string} text
   */
  async answer(text) {
    await this.quickInput.waitFor({ state: 'visible' });
    await this.quickInput.fill(text);
    await this.page.keyboard.press('Enter');
    await this.quickInput.waitFor({ state: 'hidden' });
  }

  /**
   * The lenses that contain a text.
   * @param {string | RegExp} text
   */
  lens(text) {
    return this.page.locator('.codelens-decoration a', { hasText: text });
  }

  /** The tab of a review, while it is in front. */
  get review() {
    return this.page.locator('.tab.active[aria-label^="aca: "]');
  }

  /**
   * Chooses what the lenses above a hunk offer, once exactly so many hunks offer it.
   * @param {string} choice
   * @param {{ hunk: number, of: number }} which Counted from the top, from zero.
   */
  async choose(choice, { hunk, of }) {
    const offers = this.lens(choice);
    await offers.nth(of - 1).waitFor();
    await offers.nth(of).waitFor({ state: 'detached' });
    // The order of elements is not the order on the screen.
    const order = await offers.evaluateAll((elements) =>
      elements
        .map((element, index) => ({ index, top: element.getBoundingClientRect().top }))
        .sort((one, other) => one.top - other.top)
        .map(({ index }) => index),
    );
    await offers.nth(order[hunk] ?? hunk).click();
  }

  /**
   * A notification that contains a text.
   * @param {string | RegExp} text
   */
  notification(text) {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  /** The visible lines of an editor, in their order on the screen. */
  async text(editor = this.editor) {
    return editor.first().evaluate((element) =>
      Array.from(element.querySelectorAll('.view-line'))
        .map((line) => ({ top: line.getBoundingClientRect().top, text: line.textContent ?? '' }))
        .sort((one, other) => one.top - other.top)
        .map((line) => line.text.replaceAll('\u00a0', ' '))
        .join('\n'),
    );
  }

  /**
   * Puts the cursor at the end of the first visible line that contains a text.
   * @param {string} text
   */
  async goTo(text, editor = this.editor) {
    const line = editor.locator('.view-line', { hasText: text.replaceAll(' ', '\u00a0') }).first();
    await line.click({ position: { x: 2, y: 4 } });
    await this.page.keyboard.press('End');
  }

  /**
   * Types a line of its own above the first visible one that contains a text.
   * @param {string} text
   * @param {string} line
   */
  async typeAbove(text, line) {
    await this.goTo(text);
    await this.page.keyboard.press('Home');
    await this.page.keyboard.press('Home');
    await this.page.keyboard.type(`${line}\n`);
  }

  /** Saves the file that is shown, and waits until its tab says so. */
  async save() {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active:not(.dirty)').first().waitFor();
  }

  /**
   * Keeps a picture of the window.
   * @param {string} name
   */
  async picture(name) {
    fs.mkdirSync(this.pictures, { recursive: true });
    await this.page.screenshot({ path: path.join(this.pictures, `${name}.png`) });
  }

  /**
   * What steals the focus while a window starts also closes a quick input: it is opened again.
   * @param {() => Promise<void>} attempt
   */
  async retried(attempt) {
    for (let left = 4; ; left--) {
      try {
        await attempt();
        return;
      } catch (error) {
        if (left === 0) {
          throw error;
        }
        await this.page.keyboard.press('Escape');
      }
    }
  }
}

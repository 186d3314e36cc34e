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
      // A list that is filled anew under the pointer takes no click.
      await this.tab(label).waitFor({ timeout: 10_000 });
    });
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
      const label = JSON.stringify(title);
      const row = `.monaco-list-row[aria-label=${label}], .monaco-list-row[aria-label^=${JSON.stringify(`${title}, `)}]`;
      const found = this.page.locator('.quick-input-list').locator(row).first();
      await found.click({ timeout: 5000 });
      await found.waitFor({ state: 'hidden', timeout: 10_000 });
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

  /**
   * Presses a button of a notification.
   * @param {import('playwright-core').Locator} notification
   * @param {string} button
   */
  async press(notification, button) {
    await notification.locator('.monaco-button', { hasText: button }).click();
  }

  /** Takes away every notification that is shown. */
  async dismissNotifications() {
    await this.command('Notifications: Clear All Notifications');
    await this.notification(/./).first().waitFor({ state: 'hidden' });
  }

  /**
   * The comment threads that contain a text, in their title or in their words.
   * @param {string} text
   */
  thread(text) {
    return this.page.locator('.review-widget', { hasText: text });
  }

  /**
   * Chooses one of the links that a thread offers.
   * @param {string} thread
   * @param {string} choice
   */
  async act(thread, choice) {
    await this.thread(thread).first().locator('.comment-body a', { hasText: choice }).click();
  }

  /**
   * Replies to a thread, which sends a remark to the agent.
   * @param {string} thread
   * @param {string} words
   */
  async reply(thread, words) {
    const widget = this.thread(thread).first();
    await widget.locator('.review-thread-reply-button').click();
    await widget.locator('.comment-form .monaco-editor.focused').waitFor();
    await this.page.keyboard.type(words);
    await widget.locator('.form-actions .monaco-button', { hasText: 'Send to the Agent' }).click();
  }

  /**
   * A row of the view of tasks.
   * @param {string} text
   */
  row(text) {
    return this.page.locator('.pane-body .monaco-list-row', { hasText: text });
  }

  /** Opens the review of the only task that is ready. */
  async reviewAgain() {
    await this.command('aca: Review Changes');
    await this.review.waitFor();
    await this.lens(/Accept|Keep Mine/)
      .first()
      .waitFor();
  }

  /**
   * What a file says in this window, saved or not.
   * @param {string} name
   */
  async textOf(name) {
    await this.openFile(name);
    return this.text();
  }

  /**
   * Replaces a text that is to be seen, by typing.
   * @param {string} old
   * @param {string} text
   */
  async replace(old, text, editor = this.editor) {
    const spaced = old.replaceAll(' ', '\u00a0');
    const line = editor.locator('.view-line', { hasText: spaced }).first();
    const shown = (await line.textContent()) ?? '';
    await line.click({ position: { x: 2, y: 4 } });
    await this.page.keyboard.press('Home');
    await this.page.keyboard.press('Home');
    for (let steps = shown.indexOf(spaced); steps > 0; steps--) {
      await this.page.keyboard.press('ArrowRight');
    }
    for (let steps = old.length; steps > 0; steps--) {
      await this.page.keyboard.press('Shift+ArrowRight');
    }
    await this.page.keyboard.type(text);
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

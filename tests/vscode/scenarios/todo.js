// A TODO becomes a task by its lens, and the task a review: one hunk is accepted, the other rejected.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await window.lens('stop').first().waitFor({ timeout: LONG });
  await window.picture('1-running');
  await window.goTo('/// A user.');
  await stage.step('at work');

  await window.lens('2 hunks: review').waitFor({ timeout: LONG });
  await window.notification('reject empty names').waitFor();
  await window.picture('2-ready');
  await stage.step('ready', { text: await window.text(), keyboard: await window.hasKeyboard() });

  await window.reviewBy('2 hunks: review');
  // Diffs have no lenses unless their user wants them; that is asked once.
  await window.press('Show Accept, Reject and Revise', 'Turn On');
  await window.lens('Accept').nth(1).waitFor();
  await window.picture('3-review');

  await window.choose('Accept', { hunk: 0, of: 2 });
  await window.page.locator('.tab.dirty[data-resource-name="user.rs"]').waitFor();
  await window.picture('4-accepted');
  await stage.step('accepted');

  await window.choose('Reject', { hunk: 0, of: 1 });
  await window.review.waitFor({ state: 'hidden' });
  await window.picture('5-done');
  await stage.step('decided', await window.textOf('user.rs'));

  await window.save('user.rs');
}

// A TODO becomes a task by its lens, and the task a review: one hunk is accepted, the other rejected.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await window.lens('stop').first().waitFor();
  await window.picture('1-running');

  await window.lens('2 hunks: review').waitFor({ timeout: LONG });
  await window.notification('reject empty names').waitFor();
  await window.picture('2-ready');
  await stage.step('ready', await window.text());

  await window.lens('2 hunks: review').click();
  const review = window.review;
  await review.waitFor();
  // Diffs have no lenses unless their user wants them; that is asked once.
  await window.notification('Show Accept, Reject and Revise').locator('.monaco-button', { hasText: 'Turn On' }).click();
  await window.lens('Accept').nth(1).waitFor();
  await window.picture('3-review');

  await window.choose('Accept', { hunk: 0, of: 2 });
  await window.page.locator('.tab.dirty[data-resource-name="user.rs"]').waitFor();
  await window.picture('4-accepted');
  await stage.step('accepted');

  await window.choose('Reject', { hunk: 0, of: 1 });
  await review.waitFor({ state: 'hidden' });
  await window.picture('5-done');
  await stage.step('decided', await window.text());

  await window.save();
}

// A window is loaded again while the agent works, and a second window shows the same folder.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const first = await stage.open();
  await first.ready();
  await first.openFile('user.rs');
  await first.lens('Do this').click();
  await stage.step('at work');

  await first.page.reload();
  await first.ready();
  await first.openFile('user.rs');
  await first.lens('stop').first().waitFor();
  await first.picture('1-loaded-again');
  const second = await stage.open();
  await second.ready();
  await second.openFile('user.rs');
  await second.lens('stop').first().waitFor();
  await second.command('aca: Focus on Tasks View');
  await second.row('reject empty names').waitFor();
  await second.picture('2-second-window');
  await stage.step('two windows');

  for (const window of [first, second]) {
    await window.lens('2 hunks: review').waitFor({ timeout: LONG });
  }
  await first.lens('2 hunks: review').click();
  await first.press(first.notification('Show Accept, Reject and Revise'), 'Turn On');
  await first.choose('Accept', { hunk: 0, of: 2 });
  await second.lens('1 hunk: review').or(second.page.getByText('1 hunk')).first().waitFor();
  await second.picture('3-decided-elsewhere');
  await first.choose('Reject', { hunk: 0, of: 1 });
  await first.review.waitFor({ state: 'hidden' });
  // The hunk lands in one window's text. Once that is saved, the other shows what is on disk.
  for (const window of [first, second]) {
    await window.openFile('user.rs');
    await window.save();
  }
  for (const window of [first, second]) {
    await window.editor.locator('.view-line', { hasText: 'assert!' }).waitFor();
  }
  await stage.step('decided', [await first.text(), await second.text()]);
}

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
  await first.lens('stop').first().waitFor({ timeout: LONG });
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
  await first.reviewBy('2 hunks: review');
  await first.press('Show Accept, Reject and Revise', 'Turn On');
  await first.choose('Accept', { hunk: 0, of: 2 });
  await second.row('1 hunk to review').waitFor();
  await second.lens('1 hunk: review').waitFor();
  await second.picture('3-decided-elsewhere');
  await first.choose('Reject', { hunk: 0, of: 1 });
  await first.review.waitFor({ state: 'hidden' });
  // The hunk lands in the text of the window where it was accepted. Once that is saved, the other shows what is on disk.
  await second.openFile('user.rs');
  await stage.step('landed', [await first.textOf('user.rs'), await second.text()]);
  await first.save('user.rs');
  await second.shows('assert!');
  await stage.step('saved', await second.text());
}

// The daemon is killed while the agent works, and the server is started again: nothing is lost.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await stage.step('at work');
  // The daemon is dead now.
  await window.lens('2 hunks: review').waitFor({ timeout: LONG });
  await window.dismiss('is ready');
  await stage.step('ready');

  await window.command('aca: Restart Server');
  await window.statusItem.getByText('1 to review').waitFor();
  await window.reviewBy('2 hunks: review');
  await window.lens('Accept').nth(1).waitFor();
  // The daemon is killed once more, under the open review.
  await stage.step('reviewing');
  await window.command('aca: Accept All');
  await window.review.waitFor({ state: 'hidden' });
  await stage.step('decided', await window.textOf('user.rs'));
  await window.picture('decided');
}

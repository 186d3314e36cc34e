// Review without lenses: a thread for each hunk, a remark that sends the proposal back, and a second round whose text is
// edited before it is accepted.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await window.notification('is ready').waitFor({ timeout: LONG });
  await window.press('is ready', 'Review');
  await window.review.waitFor();
  await window.press('Show Accept, Reject and Revise', 'No');
  await window.thread('Hunk 1 of 2').waitFor();
  await window.thread('Hunk 2 of 2').waitFor();
  await window.picture('1-threads');

  await window.reply('Hunk 2 of 2', 'Greet them by the shop.');
  await stage.step('sent back');
  // It changes another file too, which the review shows by itself, as no message has to say to who looks at it.
  await window.review.filter({ hasText: '2 files' }).waitFor({ timeout: LONG });
  await window.thread('new in round 2').first().waitFor();
  await window.notification('is ready').waitFor({ state: 'detached' });
  await window.picture('2-second-round');

  // What is typed on the right side is part of what is accepted.
  const right = window.page.locator('.editor.modified');
  await window.replace('Welcome to the shop', 'Welcome to our shop', right);
  await window.thread('You changed this text').waitFor();
  await window.picture('3-edited');
  await window.act('You changed this text', 'Accept');
  await window.act('Hunk 1 of 2', 'Reject');
  await window.command('aca: Accept All');
  await window.review.waitFor({ state: 'hidden' });
  await stage.step('decided', await window.textOf('user.rs'));
  await window.picture('4-done');
}

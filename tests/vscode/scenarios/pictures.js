// The pictures of the extension's README: a task at work, its review, a transcript.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await stage.step('at work');
  await window.lens('$0').waitFor();
  await window.command('aca: Focus on Tasks View');
  await window.row('reject empty names').waitFor();
  await window.picture('running');
  await stage.step('shown');

  await window.lens('2 hunks: review').waitFor({ timeout: LONG });
  await window.dismiss('is ready');
  await window.reviewBy('2 hunks: review');
  await window.lens('Accept').nth(1).waitFor();
  await window.until(window.thread('cannot be greeted'), () => window.lens('cannot be greeted').click());
  await window.picture('review');
}

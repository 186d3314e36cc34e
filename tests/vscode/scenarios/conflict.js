// The person types while the agent works: beside one hunk and on the other. The conflict has three choices, and each
// landing can be undone.

import { LONG } from '../driver/window.js';

/** @param {import('../driver/stage.js').Stage} stage */
export default async function (stage) {
  const window = await stage.open();
  await window.ready();
  await window.openFile('user.rs');
  await window.lens('Do this').click();
  await window.lens('stop').first().waitFor({ timeout: LONG });
  await stage.step('at work');

  await window.typeAbove('/// A user.', '// typed meanwhile');
  await window.replace('Hello', 'Good day');
  // The agent has read the file: that somebody works on it too is said, with what can be done about it.
  await window.notification('user.rs').first().waitFor();
  await window.picture('1-typing');
  await stage.step('typed', await window.text());

  await window.lens(/conflict/).waitFor({ timeout: LONG });
  await window.dismiss('is ready');
  await window.reviewBy(/conflict/);
  await window.lens("Take the Agent's").waitFor();
  await window.picture('2-conflict');

  await window.choose('Keep Both', { hunk: 0, of: 1 });
  await stage.step('both', await window.textOf('user.rs'));
  await window.picture('3-both');

  await window.command('aca: Undo Last Landing');
  await window.reviewAgain();
  await window.choose("Take the Agent's", { hunk: 0, of: 1 });
  await stage.step('agents', await window.textOf('user.rs'));

  await window.command('aca: Undo Last Landing');
  await window.reviewAgain();
  await window.choose('Keep Mine', { hunk: 0, of: 1 });
  await stage.step('mine', await window.textOf('user.rs'));

  await window.reviewAgain();
  await window.choose('Accept', { hunk: 0, of: 1 });
  await window.review.waitFor({ state: 'hidden' });
  await stage.step('accepted', await window.textOf('user.rs'));
  await window.picture('4-landed');
}

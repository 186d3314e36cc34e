// Which view of a task counts.

import * as assert from 'node:assert/strict';
import { suite, test } from 'mocha';
import { task } from './fixture';
import { TaskStore } from './tasks';

suite('the known tasks', () => {
  test('the view with the larger revision counts, whichever comes first', () => {
    const store = new TaskStore();
    const [old, newer] = [task({ name: 'queued' }), task({ name: 'paused' }, { revision: 2 })];
    assert.equal(store.put(newer), undefined);
    assert.equal(store.put(old), false);
    assert.equal(store.get('t-1'), newer);
    store.replace('s-1', ['/shop'], [old]);
    assert.equal(store.get('t-1'), newer);
  });

  test('a list takes the place of what was known of its workspace, and of nothing else', () => {
    const store = new TaskStore();
    store.put(task({ name: 'queued' }, { id: 'gone' }));
    store.put(task({ name: 'queued' }, { id: 'elsewhere', session: 's-2', workspace: '/blog', createdMs: 0 }));
    store.replace('s-3', ['/shop'], [task({ name: 'queued' }, { id: 'new', session: 's-3' })]);
    assert.deepEqual(
      store.all().map(({ id }) => id),
      ['elsewhere', 'new'],
    );
  });

  test('a session takes the place of the one that was open before', () => {
    const store = new TaskStore();
    store.put(task({ name: 'queued' }));
    store.put(task({ name: 'queued' }, { id: 'other', session: 's-2' }));
    assert.deepEqual(
      store.all().map(({ id }) => id),
      ['other'],
    );
  });

  test('tasks of a folder that was closed are forgotten', () => {
    const store = new TaskStore();
    store.put(task({ name: 'queued' }));
    store.keepWorkspaces((workspace) => workspace !== '/shop');
    assert.deepEqual(store.all(), []);
  });

  test('every change is told, and nothing else', () => {
    const store = new TaskStore();
    let told = 0;
    store.onDidChange(() => told++);
    store.put(task({ name: 'queued' }));
    store.put(task({ name: 'queued' }));
    assert.equal(told, 1);
  });
});

// The tasks as the server last told them. Of two views of a task the one with the larger revision counts.

import * as vscode from 'vscode';
import type { SessionId, TaskId, TaskView } from './protocol';

export class TaskStore implements vscode.Disposable {
  private tasks: ReadonlyMap<TaskId, TaskView> = new Map();
  private readonly changed = new vscode.EventEmitter<void>();

  /** Fires when any task was made, changed or forgotten. */
  readonly onDidChange = this.changed.event;

  get(id: TaskId): TaskView | undefined {
    return this.tasks.get(id);
  }

  /** All tasks, oldest first. */
  all(): readonly TaskView[] {
    return [...this.tasks.values()].sort((a, b) => a.createdMs - b.createdMs);
  }

  /** Takes a view in. Returns the one it replaces, or `false` if it is old. */
  put(task: TaskView): TaskView | undefined | false {
    const known = this.tasks.get(task.id);
    if (known !== undefined && known.revision >= task.revision) {
      return false;
    }
    // A workspace has one session open. Another one's task says that it took the place of the one before.
    const others = [...this.tasks].filter(
      ([, other]) => other.workspace !== task.workspace || other.session === task.session,
    );
    this.set([...others, [task.id, task]]);
    return known;
  }

  /** Takes all tasks of a session in, which is the one that its workspace opens. */
  replace(session: SessionId, workspaces: readonly string[], tasks: readonly TaskView[]): void {
    const others = [...this.tasks].filter(
      ([, task]) => task.session !== session && !workspaces.includes(task.workspace),
    );
    const newest = tasks.map((task): [TaskId, TaskView] => {
      const known = this.tasks.get(task.id);
      return [task.id, known !== undefined && known.revision > task.revision ? known : task];
    });
    this.set([...others, ...newest]);
  }

  /** Forgets the tasks of workspaces that are not open any more. */
  keepWorkspaces(isOpen: (workspace: string) => boolean): void {
    this.set([...this.tasks].filter(([, task]) => isOpen(task.workspace)));
  }

  dispose(): void {
    this.changed.dispose();
  }

  private set(entries: [TaskId, TaskView][]): void {
    this.tasks = new Map(entries);
    this.changed.fire();
  }
}

// The tabs of a review: one multi-file diff for a task, and the diff of the file in which someone goes from hunk to hunk.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import type { ProposalView, TaskId, TaskView } from '../protocol';
import { asMessage } from '../words';
import { addressOf, fileUri, reviewTitle, sides, taskOfLabel } from './address';
import { isUndecided, undecided } from './layout';
import type { Reviews } from './model';
import type { Owned } from './state';

/** How long VS Code may take to open a tab. */
const OPEN_LIMIT_MS = 60_000;

/** What a tab with all files was opened with. */
interface Content {
  round: number;
  /** Each file as the command that opens the tab takes it. */
  files: string[];
}

export class ReviewTabs implements vscode.Disposable {
  private readonly own: Owned[];
  /** What the newest tab of each task has. */
  private readonly contents = new Map<TaskId, Content>();
  /** The tasks whose tab is being opened. */
  private readonly opening = new Set<TaskId>();

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {
    this.own = [
      vscode.window.tabGroups.onDidChangeTabs(() => {
        noteActive();
        this.ctx.background(this.renew(activeTask()));
      }),
      vscode.window.tabGroups.onDidChangeTabGroups(noteActive),
      reviews.onDidChange((task) => {
        this.ctx.background(this.closeIfDone(task));
        this.ctx.background(this.renew(task));
      }),
      vscode.workspace.onDidSaveTextDocument(({ uri }) => {
        this.ctx.background(closeStray(uri));
      }),
    ];
    noteActive();
  }

  /** Opens the review of a task, or says that there is nothing to review. */
  async open(task: TaskView): Promise<boolean> {
    this.opening.add(task.id);
    try {
      return await this.openNew(task);
    } finally {
      this.opening.delete(task.id);
    }
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private async openNew(task: TaskView): Promise<boolean> {
    const { proposal } = await this.reviews.refresh(task.id);
    const resources = resourcesOf(task, proposal);
    if (resources.length === 0) {
      void vscode.window.showInformationMessage(asMessage(`Nothing is left to review of “${task.title}”.`));
      return false;
    }
    const content = { round: proposal.round, files: resources.map((resource) => JSON.stringify(resource)) };
    const known = this.contents.get(task.id);
    const isFront = tabsOf(task.id).whole.some((tab) => tab === frontTab());
    if (isFront && known !== undefined && String(known.files) === String(content.files)) {
      return true;
    }
    const opened = moreTabs(task.id, tabsOf(task.id).whole.length);
    // The command ends before the tab is there.
    await vscode.commands.executeCommand('vscode.changes', reviewTitle(task), resources);
    await opened;
    // As a preview the next file that is opened would replace it.
    await vscode.commands.executeCommand('workbench.action.keepEditor');
    this.contents.set(task.id, content);
    const { whole, single } = tabsOf(task.id);
    const newest = whole.find((tab) => tab === frontTab()) ?? whole.at(-1);
    const others = [...whole, ...single].filter((tab) => tab !== newest);
    await vscode.window.tabGroups.close(others, true);
    return true;
  }

  /** Opens a review anew that is in front and lacks files, or has files that the newest round does not change. */
  private async renew(id: TaskId | undefined): Promise<void> {
    const task = this.ctx.tasks.get(id ?? '');
    const known = task && this.contents.get(task.id);
    const proposal = task && this.reviews.get(task.id)?.proposal;
    if (task === undefined || known === undefined || proposal === undefined || this.opening.has(task.id)) {
      return;
    }
    if (!tabsOf(task.id).whole.some((tab) => tab === frontTab())) {
      return;
    }
    const files = resourcesOf(task, proposal).map((resource) => JSON.stringify(resource));
    const hasMore = files.some((file) => !known.files.includes(file));
    const isOther = known.round !== proposal.round && files.length !== known.files.length;
    if (files.length > 0 && (hasMore || isOther)) {
      await this.open(task);
    }
  }

  private async closeIfDone(task: TaskId): Promise<void> {
    const review = this.reviews.get(task);
    const { whole, single } = tabsOf(task);
    const tabs = [...whole, ...single];
    if (review === undefined || tabs.length === 0 || undecided(review.proposal).length > 0) {
      return;
    }
    await vscode.window.tabGroups.close(tabs, true);
    const hunks = review.proposal.files.flatMap((file) => file.hunks);
    const landed = hunks.filter((hunk) => hunk.state.name === 'landed').length;
    const words = landed === 0 ? 'Every hunk was rejected.' : `Landed ${landed} of ${hunks.length} hunks.`;
    vscode.window.setStatusBarMessage(`$(check) aca: ${words}`, 10_000);
  }
}

/** Returns the files of a proposal that are not decided, as the command that shows them takes them. */
function resourcesOf(task: TaskView, proposal: ProposalView): vscode.Uri[][] {
  const open = proposal.files.filter((file) => file.hunks.some(isUndecided));
  // A file whose mode changes too is there twice.
  const files = open.filter(({ path }, index) => open.findIndex((other) => other.path === path) === index);
  return files.map((file) => [fileUri(task, file.path), ...sides(task, file)]);
}

function frontTab(): vscode.Tab | undefined {
  return vscode.window.tabGroups.activeTabGroup.activeTab;
}

/** Waits until a task has more tabs with all files than it had. VS Code makes new objects of tabs that are there already. */
async function moreTabs(task: TaskId, before: number): Promise<void> {
  const own: vscode.Disposable[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error('VS Code does not open the review. Try again.'));
      }, OPEN_LIMIT_MS);
      const look = (): void => {
        if (tabsOf(task).whole.length > before) {
          resolve();
        }
      };
      own.push(
        vscode.window.tabGroups.onDidChangeTabs(look),
        vscode.window.tabGroups.onDidChangeTabGroups(look),
        new vscode.Disposable(() => {
          clearTimeout(late);
        }),
      );
    });
  } finally {
    vscode.Disposable.from(...own).dispose();
  }
}

/** Returns the open tabs of a task's review: those with all files, and those with a single one. */
export function tabsOf(task: TaskId): { whole: vscode.Tab[]; single: vscode.Tab[] } {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter((tab) => taskOf(tab) === task);
  const isSingle = (tab: vscode.Tab): boolean => singleOf(tab) !== undefined;
  return { whole: tabs.filter((tab) => !isSingle(tab)), single: tabs.filter(isSingle) };
}

/** Returns the task whose review is the active tab. */
export function activeTask(): TaskId | undefined {
  const tab = frontTab();
  return tab && taskOf(tab);
}

function taskOf(tab: vscode.Tab): TaskId | undefined {
  return singleOf(tab) ?? (isOfOneFile(tab) ? undefined : taskOfLabel(tab.label));
}

/** Returns the task of a tab with one proposed file. */
function singleOf({ input }: vscode.Tab): TaskId | undefined {
  if (input instanceof vscode.TabInputTextDiff) {
    return addressOf(input.modified)?.task;
  }
  return input instanceof vscode.TabInputText ? addressOf(input.uri)?.task : undefined;
}

/** Closes the tab that VS Code opens, behind the review, for a proposed file that stays unsaved while someone types. */
async function closeStray(uri: vscode.Uri): Promise<void> {
  const isStray = ({ input, isActive }: vscode.Tab): boolean =>
    input instanceof vscode.TabInputText && input.uri.toString() === uri.toString() && !isActive;
  if (addressOf(uri) !== undefined) {
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    await vscode.window.tabGroups.close(tabs.filter(isStray), true);
  }
}

function isOfOneFile({ input }: vscode.Tab): boolean {
  return input instanceof vscode.TabInputText || input instanceof vscode.TabInputTextDiff;
}

function noteActive(): void {
  void vscode.commands.executeCommand('setContext', 'aca.reviewTabActive', activeTask() !== undefined);
}

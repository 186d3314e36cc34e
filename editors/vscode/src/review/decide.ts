// Decisions: what a person wants is asked of the server, and what came of it is said where they look.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import * as aca from '../protocol';
import { asMessage, count } from '../words';
import type { ProposalFiles } from './files';
import type { Reviews } from './model';
import type { Target, Threads } from './threads';

export class Decisions {
  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
    private readonly files: ProposalFiles,
    private readonly threads: Threads,
  ) {}

  /** Decides hunks as they are shown, with what was typed into them. */
  async decide(
    task: aca.TaskId,
    decision: 'accept' | 'reject',
    selection: aca.Selection,
    resolution?: aca.Resolution,
  ): Promise<void> {
    // What cannot be saved is shown by the editor, which asks what to do.
    if (!(await this.files.settle(task))) {
      return;
    }
    const { proposal } = this.reviews.get(task) ?? (await this.reviews.refresh(task));
    const result = await this.ctx.request(aca.Decide, {
      task,
      decision,
      selection,
      seen: proposal.revision,
      ...(resolution === undefined ? {} : { resolution }),
    });
    this.reviews.decided(task, result);
    if (result.refused.length > 0) {
      await this.reviews.refresh(task);
    }
    this.tell(task, selection, result);
  }

  /** Sends a remark about a hunk to the agent, which makes the hunk again. Without words it asks for them. */
  async revise({ task, hunk }: Target, remark?: string): Promise<void> {
    const words = remark ?? (await askForRemark());
    if (words === undefined || !(await this.files.settle(task))) {
      return;
    }
    await this.ctx.request(aca.SendBack, { task, remark: words, redo: [hunk] });
  }

  private tell(task: aca.TaskId, selection: aca.Selection, { decided, refused, warnings }: aca.DecideResult): void {
    for (const warning of warnings ?? []) {
      void vscode.window.showWarningMessage(asMessage(warning));
    }
    const [first] = refused;
    if (first === undefined) {
      return;
    }
    const isSeen = refused.map(({ hunk }) => this.threads.expand({ task, hunk })).every(Boolean);
    if (selection.kind === 'hunks') {
      if (!isSeen) {
        void vscode.window.showWarningMessage(asMessage(first.reason));
      }
      return;
    }
    const open = refused.length === 1 ? '1 hunk needs a look' : `${refused.length} hunks need a look`;
    const message = `${count(decided.length, 'hunk')} decided. ${open}: ${first.reason}`;
    void vscode.window.showWarningMessage(asMessage(message), 'Show').then((choice) => {
      if (choice !== undefined) {
        void vscode.commands.executeCommand('aca.review', { task, hunk: first.hunk });
      }
    });
  }
}

async function askForRemark(): Promise<string | undefined> {
  const words = await vscode.window.showInputBox({
    title: 'Revise This Change',
    prompt: 'The agent makes this change again. What should be different?',
    placeHolder: 'Tell the agent what to change',
    ignoreFocusOut: true,
  });
  return words?.trim() === '' ? undefined : words;
}

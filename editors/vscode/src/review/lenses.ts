// What can be done with each hunk, as lenses above it in the right side of a review.

import * as vscode from 'vscode';
import type { Ctx } from '../ctx';
import { LensRefresh } from '../lenses';
import { addressOf, PROPOSAL } from './address';
import { placesInProposal, type Place } from './layout';
import type { Reviews } from './model';
import { isDecidable, type Owned } from './state';
import type { Target } from './threads';
import { CHOICES, choices, shortReason } from './words';

/** How much of a reason a lens has room for, in characters. */
const MAX_REASON = 60;

/** Remembers that a person was asked whether diffs may have lenses, and has answered. */
const ASKED = 'aca.review.askedForLenses';

export class HunkLenses implements vscode.CodeLensProvider, vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  private readonly outdated = new LensRefresh(PROPOSAL, () => {
    this.changed.fire();
  });
  private readonly own: Owned[];

  readonly onDidChangeCodeLenses = this.changed.event;

  constructor(
    private readonly ctx: Ctx,
    private readonly reviews: Reviews,
  ) {
    this.own = [
      this.changed,
      this.outdated,
      reviews.onDidChange(() => {
        this.outdated.refresh();
      }),
      vscode.languages.registerCodeLensProvider({ scheme: PROPOSAL }, this),
    ];
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    this.outdated.asked(document);
    const address = addressOf(document.uri);
    if (address === undefined) {
      return [];
    }
    const review = this.reviews.get(address.task);
    const file = review?.files.get(address.path);
    if (file === undefined || review === undefined) {
      return [];
    }
    const decidable = isDecidable(this.ctx, address.task);
    return placesInProposal(review.proposal, file).flatMap((place) =>
      this.lenses(document, { task: address.task, hunk: place.hunk.id }, place, decidable),
    );
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private lenses(document: vscode.TextDocument, target: Target, place: Place, decidable: boolean): vscode.CodeLens[] {
    const line = Math.min(place.line, document.lineCount - 1);
    const range = new vscode.Range(line, 0, line, 0);
    const commands: vscode.Command[] = choices(place, decidable).map((choice) => {
      const { command, title, icon } = CHOICES[choice];
      return { title: `$(${icon}) ${title}`, command, arguments: [target] };
    });
    if (!decidable) {
      commands.push({ title: '$(sync) sent back to the agent', command: 'aca.showThread', arguments: [target] });
    }
    const reason = shortReason(place, MAX_REASON);
    if (reason !== undefined) {
      commands.push({ title: reason, command: 'aca.showThread', arguments: [target] });
    }
    return commands.map((command) => new vscode.CodeLens(range, command));
  }
}

/** Says whether diffs show lenses. */
export function hasLenses(): boolean {
  return vscode.workspace.getConfiguration('diffEditor').get('codeLens', false);
}

/** Asks once whether diffs may show lenses, which is a setting of all diffs. Threads do without. */
export async function askForLenses(ctx: Ctx): Promise<void> {
  const setting = vscode.workspace.getConfiguration('diffEditor').inspect<boolean>('codeLens');
  const isChosen = [setting?.globalValue, setting?.workspaceValue, setting?.workspaceFolderValue].some(
    (value) => value !== undefined,
  );
  if (hasLenses() || isChosen || ctx.extension.globalState.get<boolean>(ASKED, false)) {
    return;
  }
  const choice = await vscode.window.showInformationMessage(
    'Show Accept, Reject and Revise above each change? This turns on code lenses in all diff editors.',
    'Turn On',
    'No',
  );
  if (choice !== undefined) {
    await ctx.extension.globalState.update(ASKED, true);
  }
  if (choice === 'Turn On') {
    await vscode.workspace.getConfiguration('diffEditor').update('codeLens', true, vscode.ConfigurationTarget.Global);
  }
}

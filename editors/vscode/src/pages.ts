// Read-only documents with text of ours: what the doctor found, what was used.

import * as vscode from 'vscode';
import type { Ctx } from './ctx';

const SCHEME = 'aca-page';

export class Pages implements vscode.TextDocumentContentProvider {
  private readonly texts = new Map<string, string>();
  private readonly changed = new vscode.EventEmitter<vscode.Uri>();
  readonly onDidChange = this.changed.event;

  constructor(ctx: Ctx) {
    ctx.owns(this.changed);
    ctx.owns(vscode.workspace.registerTextDocumentContentProvider(SCHEME, this));
  }

  provideTextDocumentContent(uri: vscode.Uri): string {
    return this.texts.get(uri.path) ?? 'Run the command again: this page is of an earlier window.\n';
  }

  /** Shows a page, beside the present editor or where it is shown already. */
  async show(name: string, text: string): Promise<void> {
    const uri = vscode.Uri.from({ scheme: SCHEME, path: name });
    this.texts.set(uri.path, text);
    this.changed.fire(uri);
    const document = await vscode.workspace.openTextDocument(uri);
    const shown = vscode.window.visibleTextEditors.find((editor) => editor.document.uri.toString() === uri.toString());
    await vscode.window.showTextDocument(document, {
      viewColumn: shown?.viewColumn ?? vscode.ViewColumn.Active,
      // A preview would take the place of another one, such as the walkthrough that asked for this page.
      preview: false,
    });
  }
}

// Keeps the end of a growing document in view where it was in view.

import * as vscode from 'vscode';

export class End implements vscode.Disposable {
  /** How many lines each document had before its last change. */
  private readonly lines = new Map<string, number>();
  private readonly own: vscode.Disposable[];

  constructor(private readonly scheme: string) {
    this.own = [
      vscode.workspace.onDidOpenTextDocument((document) => {
        this.note(document);
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        this.lines.delete(uri.toString());
      }),
      vscode.workspace.onDidChangeTextDocument(({ document }) => {
        if (document.uri.scheme === scheme) {
          this.grown(document);
        }
      }),
    ];
    vscode.workspace.textDocuments.forEach((document) => {
      this.note(document);
    });
  }

  dispose(): void {
    vscode.Disposable.from(...this.own).dispose();
  }

  private note(document: vscode.TextDocument): void {
    if (document.uri.scheme === this.scheme) {
      this.lines.set(document.uri.toString(), document.lineCount);
    }
  }

  private grown(document: vscode.TextDocument): void {
    const before = this.lines.get(document.uri.toString()) ?? 0;
    this.note(document);
    const editors = vscode.window.visibleTextEditors.filter((editor) => editor.document === document);
    for (const editor of editors) {
      // What an editor shows is told a little later than what its document says: this is still the view before.
      const bottom = editor.visibleRanges.at(-1)?.end.line ?? 0;
      if (bottom >= before - 1) {
        const line = document.lineCount - 1;
        editor.revealRange(new vscode.Range(line, 0, line, 0));
      }
    }
  }
}

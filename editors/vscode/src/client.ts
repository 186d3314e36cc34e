// The language client: what it declares, and where it does otherwise than the library. It is loaded with the first server:
// the library is most of what the extension brings, and a window that never needs a server should not wait for it.

import * as vscode from 'vscode';
import * as lc from 'vscode-languageclient/node';
import type { Config } from './config';
import { LensRefresh } from './lenses';
import { Endurance, Voice } from './life';
import type { Server } from './server';

/** Commands of this extension that the server may put into lenses and actions. */
const CLIENT_COMMANDS = ['aca.review', 'aca.tell', 'aca.sendBack', 'aca.runSelection', 'aca.showTranscript'];

/** What a client tells its owner. */
export interface Listener {
  /** The server is up, or is not any more. */
  changed: (isRunning: boolean) => void;
  /** Something that a person asked for has failed. */
  failed: (error: unknown) => void;
  /** The server has ended too often to start it again. */
  gaveUp: () => void;
}

/** A client, and what its server says. */
export interface Connection {
  client: lc.LanguageClient;
  /** Returns the last line that a server that has ended wrote to its standard error, if it wrote any. */
  lastWords: () => Promise<string | undefined>;
  lenses: LensRefresh;
}

/** Returns a client that is not started yet. */
export function createClient(
  extension: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  config: Config,
  server: Server,
  listener: Listener,
): Connection {
  const serverOptions: lc.ServerOptions = { command: server.path, args: ['lsp'], options: { env: server.env } };
  const voice = new Voice(log);
  const endurance = new Endurance(listener.gaveUp);
  const lenses = new LensRefresh('file', () => {
    drawLensesAnew(client);
  });
  const clientOptions: lc.LanguageClientOptions = {
    documentSelector: [{ scheme: 'file' }],
    outputChannel: log,
    revealOutputChannelOn: lc.RevealOutputChannelOn.Never,
    stdioOptions: {
      stdout: () => undefined,
      stderr: (input) => {
        voice.hear(input);
      },
    },
    errorHandler: endurance,
    initializationFailedHandler: () => false,
    initializationOptions: () => ({ settings: config.serverSettings() }),
    middleware: {
      provideCodeLenses: (document, token, next) => {
        lenses.asked(document);
        return config.codeLens ? next(document, token) : [];
      },
      // The library shows a person nothing of a command that failed, and the server's words say what to do.
      executeCommand: async (command, args, next) => {
        try {
          return (await next(command, args)) as unknown;
        } catch (error) {
          listener.failed(error);
          return undefined;
        }
      },
      workspace: {
        // The library applies an edit of a version to a document that was closed meanwhile, whatever the file says.
        handleApplyEdit: async (params, next) =>
          namesClosedVersion(params.edit) ? { applied: false } : next(params, NO_CANCELLATION),
      },
    },
  };
  const client: lc.LanguageClient = new QuietClient('aca', 'aca', serverOptions, clientOptions);
  client.onDidChangeState(({ oldState, newState }) => {
    if (newState === lc.State.Running) {
      endurance.up();
      // In the place of the library's own, which tells VS Code once.
      client.onRequest(lc.CodeLensRefreshRequest.type, () => {
        lenses.refresh();
      });
      lenses.refresh();
      listener.changed(true);
    } else if (oldState === lc.State.Running) {
      listener.changed(false);
    }
  });
  client.registerFeature(new Handshake(extension));
  return { client, lastWords: () => voice.lastWords(), lenses };
}

/** Tells VS Code that the lenses are out of date. */
function drawLensesAnew(client: lc.LanguageClient): void {
  const lenses = client.getFeature(lc.CodeLensRequest.method);
  const providers = vscode.workspace.textDocuments.map((document) => lenses.getProvider(document));
  for (const provider of new Set(providers)) {
    provider?.onDidChangeCodeLensEmitter.fire();
  }
}

/** A client that only logs what goes wrong in it: what a person should know of that, its owner says. */
class QuietClient extends lc.LanguageClient {
  override error(message: string, data?: unknown): void {
    super.error(message, data, false);
  }
}

const NO_CANCELLATION = new vscode.CancellationTokenSource().token;

function namesClosedVersion(edit: lc.WorkspaceEdit): boolean {
  const open = new Set(vscode.workspace.textDocuments.map((document) => document.uri.toString()));
  return (edit.documentChanges ?? []).some(
    (change) =>
      lc.TextDocumentEdit.is(change) &&
      change.textDocument.version !== null &&
      !open.has(vscode.Uri.parse(change.textDocument.uri).toString()),
  );
}

/** Declares in `experimental.aca` what this front end draws and asks by itself. */
class Handshake implements lc.StaticFeature {
  private readonly version: string;

  constructor(extension: vscode.ExtensionContext) {
    this.version = (extension.extension.packageJSON as { version: string }).version;
  }

  fillClientCapabilities(capabilities: lc.ClientCapabilities): void {
    const experimental = (capabilities.experimental ?? {}) as Record<string, unknown>;
    capabilities.experimental = {
      ...experimental,
      aca: { version: this.version, codicons: true, inlineReview: true, commands: CLIENT_COMMANDS },
    };
  }

  initialize(): void {
    // Nothing depends on what the server can do.
  }

  getState(): lc.FeatureState {
    return { kind: 'static' };
  }

  clear(): void {
    // There is nothing to forget.
  }
}

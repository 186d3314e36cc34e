// The settings: those of the extension itself, and those that the server understands.

import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';

const SECTION = 'aca';

/** Settings as the server takes them: nested like `aca.toml`. */
export type ServerSettings = Record<string, unknown>;

export class Config {
  private readonly serverKeys: readonly string[];

  constructor(extension: vscode.Extension<unknown>) {
    this.serverKeys = generatedKeys(extension.packageJSON as Manifest);
  }

  /** The server that the person set, with `~/` expanded. */
  get serverPath(): string | undefined {
    const path = configuration().get<string | null>('server.path')?.trim();
    if (!path) {
      return undefined;
    }
    return path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;
  }

  get serverExtraEnv(): Record<string, string> {
    return configuration().get<Record<string, string>>('server.extraEnv') ?? {};
  }

  get codeLens(): boolean {
    return configuration().get<boolean>('codeLens.enable') ?? true;
  }

  get openReviewWhenReady(): boolean {
    return configuration().get<boolean>('review.openOnReady') ?? false;
  }

  /** The settings of the server that the person has set; its own files and defaults say the rest. */
  serverSettings(): ServerSettings {
    const settings: ServerSettings = {};
    const all = configuration();
    for (const key of this.serverKeys) {
      const said = all.inspect(key);
      const value: unknown = said?.workspaceValue ?? said?.globalValue;
      if (value !== undefined) {
        put(settings, key.split('.'), value);
      }
    }
    return settings;
  }
}

function configuration(): vscode.WorkspaceConfiguration {
  return vscode.workspace.getConfiguration(SECTION);
}

/** Says whether a change is about settings that need another server process. */
export function needsRestart(event: vscode.ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration(`${SECTION}.server`);
}

/** Says whether a change is about any of our settings. */
export function isOurs(event: vscode.ConfigurationChangeEvent): boolean {
  return event.affectsConfiguration(SECTION);
}

interface Manifest {
  contributes: { configuration: { properties: Record<string, unknown> }[] };
}

/** Returns the settings between the markers in the manifest, without the section's name. */
function generatedKeys(manifest: Manifest): string[] {
  const keys = manifest.contributes.configuration.flatMap((group) => Object.keys(group.properties));
  const generated = keys.slice(keys.indexOf('$generated-start') + 1, keys.indexOf('$generated-end'));
  return generated.map((key) => key.slice(SECTION.length + 1));
}

function put(settings: ServerSettings, path: readonly string[], value: unknown): void {
  const [name, ...rest] = path;
  if (name === undefined) {
    return;
  }
  if (rest.length === 0) {
    settings[name] = value;
    return;
  }
  const inner = (settings[name] ??= {}) as ServerSettings;
  put(inner, rest, value);
}

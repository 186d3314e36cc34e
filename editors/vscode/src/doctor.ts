// `aca doctor`: shows what aca needs and how to mend what is missing, and ticks the walkthrough's steps off.

import { execFile } from 'node:child_process';
import * as vscode from 'vscode';
import { workspacePaths, type Ctx } from './ctx';
import type { Pages } from './pages';
import { findServer, type Server } from './server';

/** The image and the container engine may be slow to answer. */
const TIMEOUT_MS = 120_000;
const MAX_OUTPUT = 1 << 24;

export interface Finding {
  name: string;
  state: 'good' | 'warning' | 'missing';
  found: string;
  mend?: string;
}

const SIGNS = { good: '✓', warning: '!', missing: '✗' };

export function registerDoctor(ctx: Ctx, pages: Pages): void {
  ctx.command('aca.runDoctor', async () => {
    const progress = { location: vscode.ProgressLocation.Window, title: 'aca looks at what it needs' };
    const { server, findings } = await vscode.window.withProgress(progress, async () => {
      const server = await findServer(ctx.extension, ctx.config);
      return { server, findings: await examine(server) };
    });
    setContext(findings);
    await pages.show('aca doctor', page(server, findings));
  });
}

function examine(server: Server): Promise<Finding[]> {
  const options = { env: server.env, cwd: workspacePaths()[0], timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT };
  return new Promise((resolve, reject) => {
    // Its exit code says whether a task could run. Either way it says what it found.
    execFile(server.path, ['doctor', '--json'], options, (error, stdout) => {
      try {
        resolve((JSON.parse(stdout) as { checks: Finding[] }).checks);
      } catch (cause) {
        const message = error?.message ?? `it said ${stdout.slice(0, 200)}`;
        reject(new Error(`The doctor did not come to an end: ${message}`, { cause }));
      }
    });
  });
}

/** The walkthrough's steps are complete, or even there, by these. */
function setContext(findings: readonly Finding[]): void {
  const isMissing = (name: string): boolean => findings.some((one) => one.name === name && one.state === 'missing');
  const context = {
    'aca.doctor.good': findings.every((one) => one.state !== 'missing'),
    'aca.doctor.engineMissing': isMissing('engine'),
    'aca.doctor.credentialMissing': isMissing('credential'),
  };
  for (const [key, value] of Object.entries(context)) {
    void vscode.commands.executeCommand('setContext', key, value);
  }
}

/** The page of what was found. */
export function page(server: Pick<Server, 'path' | 'version'>, findings: readonly Finding[]): string {
  const missing = findings.filter((one) => one.state === 'missing').length;
  const verdict =
    missing === 0
      ? 'Everything that a task needs is there.'
      : 'Something that a task needs is missing. Mend what is marked ✗, then run “aca: Run Doctor” again.';
  const width = Math.max(0, ...findings.map((one) => one.name.length));
  const lines = findings.flatMap(({ name, state, found, mend }) => [
    `${SIGNS[state]} ${name.padEnd(width)}  ${found}`,
    ...(mend === undefined ? [] : [`${' '.repeat(width + 4)}→ ${mend}`]),
  ]);
  return [verdict, '', ...lines, '', `${server.version}, ${server.path}`, ''].join('\n');
}

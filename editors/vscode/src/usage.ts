// Show Usage: what was used of the models, as a page of plain tables.

import type { Ctx } from './ctx';
import type { Pages } from './pages';
import * as aca from './protocol';
import { cost } from './words';

const DAYS = 30;
const DAY_MS = 24 * 60 * 60 * 1000;
const MAX_ROWS = 30;
const MAX_NAME = 60;

export function registerUsage(ctx: Ctx, pages: Pages): void {
  ctx.command('aca.showUsage', async () => {
    const { rows } = await ctx.request(aca.Use, { sinceMs: Date.now() - DAYS * DAY_MS });
    await pages.show('aca usage', page(rows));
  });
}

/** The page of what was used. */
export function page(rows: readonly aca.UseRow[]): string {
  if (rows.length === 0) {
    return `Nothing was used of the models in the last ${DAYS} days.\n`;
  }
  const tables = [
    { of: 'day', sums: sums(rows, (row) => row.day).sort((a, b) => b.name.localeCompare(a.name)) },
    { of: 'model', sums: sums(rows, (row) => row.model ?? 'unknown').sort(dearestFirst) },
    { of: 'task', sums: sums(rows, (row) => row.title).sort(dearestFirst) },
  ];
  const names = tables.flatMap(({ sums }) => sums.slice(0, MAX_ROWS).map((sum) => sum.name.length));
  const width = Math.min(MAX_NAME, Math.max(...names));
  return [
    `What aca used of the models in the last ${DAYS} days, in all workspaces`,
    '',
    ...tables.map(({ of, sums }) => table(of, sums, width)),
  ].join('\n');
}

interface Sum {
  name: string;
  requests: number;
  input: number;
  cached: number;
  output: number;
  costMicros: number;
}

function sums(rows: readonly aca.UseRow[], nameOf: (row: aca.UseRow) => string): Sum[] {
  const byName = new Map<string, Sum>();
  for (const row of rows) {
    const name = nameOf(row);
    const sum = byName.get(name) ?? { name, requests: 0, input: 0, cached: 0, output: 0, costMicros: 0 };
    sum.requests += row.usage.requests;
    sum.input += row.usage.inputTokens + row.usage.cacheWriteTokens;
    sum.cached += row.usage.cacheReadTokens;
    sum.output += row.usage.outputTokens;
    sum.costMicros += row.usage.costMicros;
    byName.set(name, sum);
  }
  return [...byName.values()];
}

function dearestFirst(a: Sum, b: Sum): number {
  return b.costMicros - a.costMicros || b.output - a.output;
}

function table(of: string, all: readonly Sum[], width: number): string {
  const shown = all.slice(0, MAX_ROWS);
  const row = (name: string, cells: readonly string[]): string =>
    name.slice(0, width).padEnd(width) + cells.map((cell) => cell.padStart(12)).join('');
  const number = (value: number): string => value.toLocaleString('en');
  const more = all.length > shown.length ? [`and ${all.length - shown.length} more`] : [];
  return [
    row(of, ['requests', 'input', 'from cache', 'output', 'cost']),
    ...shown.map((sum) =>
      row(sum.name, [
        number(sum.requests),
        number(sum.input),
        number(sum.cached),
        number(sum.output),
        cost(sum) || '–',
      ]),
    ),
    ...more,
    '',
  ].join('\n');
}

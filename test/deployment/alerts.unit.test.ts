import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect } from 'chai';
import { parse } from 'yaml';
import type { Database } from '../../src/db/knex.ts';
import { createMeters, figureNames } from '../../src/metrics/index.ts';

interface Rule {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: string };
  annotations: { summary: string; action: string };
}

const file = readFileSync(path.resolve(import.meta.dirname, '../../docs/alerts.yml'), 'utf8');
const { groups } = parse(file) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const wordsOfPromQl = new Set([
  'job',
  'what',
  'kind',
  'state',
  'status',
  'route',
  'outcome',
  'instance',
  'le',
  'task',
]);

describe('docs/alerts.yml', () => {
  it('uses only metrics and labels that exist', async () => {
    const away = { raw: () => Promise.reject(new Error('Nobody asks the database here')) };
    const meters = createMeters(away as unknown as Database, {});
    const known = new Set([
      'up',
      ...[...(await meters.text()).matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name),
    ]);
    for (const { alert, expr } of rules) {
      const named = [...expr.matchAll(/\b(up|(?:examdesk|http|nodejs|process)_\w+)\b/g)].map(
        ([, name = '']) => name,
      );
      expect(named, alert).to.have.length.above(0);
      for (const name of named) expect(known, alert).to.include(name.replace(/_(bucket|count|sum)$/, ''));
      for (const [, label = ''] of expr.matchAll(/[{,]\s*(\w+)\s*(?:=|!)/g))
        expect(wordsOfPromQl, alert).to.include(label);
      for (const [, name = '', what] of expr.matchAll(/(\w+)\{what="(\w+)"\}/g))
        expect(figureNames[name as keyof typeof figureNames], alert).to.include(what);
    }
  });

  it('watches the age of everything that waits and the last success of everything that recurs', () => {
    const all = rules.map(({ expr }) => expr).join('\n');
    for (const name of [
      'examdesk_oldest_waiting_age_seconds',
      'examdesk_last_success_timestamp_seconds',
    ] as const)
      for (const what of figureNames[name]) {
        // No recent rows, no seal: the age of unsealed rows shows when sealing is late.
        if (what !== 'audit_seal') expect(all).to.contain(`${name}{what="${what}"}`);
      }
  });

  it('gives each alert a severity and instructions', () => {
    for (const { alert, expr, labels, annotations } of rules) {
      expect(alert).to.match(/^Examdesk[A-Z]\w+$/);
      expect(labels.severity, alert).to.be.oneOf(['critical', 'warning', 'info']);
      expect(annotations.summary, alert).to.have.length.above(10);
      expect(annotations.action, alert).to.have.length.above(10);
      const count = (sign: string) => expr.split(sign).length;
      expect([count('('), count('{'), count('[')], alert).to.deep.equal([count(')'), count('}'), count(']')]);
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).to.equal(rules.length);
  });
});

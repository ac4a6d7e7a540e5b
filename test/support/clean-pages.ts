import { expect } from 'chai';
import { markupErrors, type Visit } from './visitor.ts';

/** Keys in links and recovery codes are random letters, which may hold `NaN`. */
const randomLetters = /[\w-]{32,}|<code>[^<]*<\/code>/g;

/** What is shown in place of a value that is missing: `undefined`, `NaN`; null: nothing is. */
export function missingValueIn(page: string): string | null {
  const found = /undefined|\[object/.exec(page) ?? /NaN/.exec(page.replaceAll(randomLetters, ''));
  return found?.[0] ?? null;
}

/** Expects valid markup with one heading, without styles or scripts in the page, and without values that are missing. */
export async function expectClean(...pages: Visit[]): Promise<void> {
  for (const page of pages) {
    expect(await markupErrors(page), page.at).to.deep.equal([]);
    expect(page.html, page.at).not.to.match(/\sstyle="|<style|<script(?![^>]* src=)|\son\w+="|javascript:/i);
    expect(missingValueIn(page.html), page.at).to.equal(null);
    expect(page.all('h1'), page.at).to.have.length(1);
  }
}

import { expect } from 'chai';
import { markupErrors, type Visit } from './visitor.ts';

/** What is shown in place of a value that is missing. Links and keys are random letters, which may hold `NaN`. */
export const noText = /undefined|\[object Object\]|\bNaN|NaN\b/;

/** Expects valid markup with one heading, without styles or scripts in the page, and without values that are missing. */
export async function expectClean(...pages: Visit[]): Promise<void> {
  for (const page of pages) {
    expect(await markupErrors(page), page.at).to.deep.equal([]);
    expect(page.html, page.at).not.to.match(/\sstyle="|<style|<script(?![^>]* src=)|\son\w+="|javascript:/i);
    // Recovery codes are random letters, too.
    expect(page.html.replaceAll(/<code>[^<]*<\/code>/g, ''), page.at).not.to.match(noText);
    expect(page.all('h1'), page.at).to.have.length(1);
  }
}

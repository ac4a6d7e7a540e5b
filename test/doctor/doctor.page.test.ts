import { expect } from 'chai';
import { openDoctorStack, type DoctorStack } from '../support/doctor-stack.ts';
import { markupErrors, type Visitor } from '../support/visitor.ts';

describe('the system check of the console', function () {
  this.timeout(60_000);
  let stack: DoctorStack;
  let admin: Visitor;
  before(async () => {
    stack = await openDoctorStack();
    admin = await stack.app.signedInVisitor('ada@examdesk.example');
  });
  after(() => stack.close());

  it('checks nothing before it is asked to', async () => {
    const calls = async () => {
      const answer = await fetch(`${stack.simulator.url}/_sim/calls`);
      return ((await answer.json()) as { calls: unknown[] }).calls.length;
    };
    const before = await calls();
    const page = await admin.get('/admin/doctor');
    expect(page.status).to.equal(200);
    expect(page.text('.system-check button')).to.equal('Check now');
    expect(page.all('.check-lines')).to.have.length(0);
    expect(await calls()).to.equal(before);
    expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('shows each line with its state in words, what has to be done first', async () => {
    const page = await admin.post('/admin/doctor', {});
    const tags = page.texts('.check-lines .tag');
    expect(tags[0], 'our webhook was never made').to.equal('Wrong');
    expect(page.text('.check-well dt')).to.equal('Database');
    expect(page.texts('.check-well .tag')).to.include('OK').and.not.to.include('Wrong');
    expect(page.text('.panel')).to.match(/\d wrong, \d warnings?, checked /);
    expect(page.text('.check-mend code')).to.match(/^(npm run|node) /);
    expect(await markupErrors(page)).to.deep.equal([]);
  });

  it('answers a second request within seconds from the same report', async () => {
    const first = await admin.post('/admin/doctor', {});
    await stack.control('/reset', {});
    const second = await admin.post('/admin/doctor', {});
    expect(second.text('.panel')).to.equal(first.text('.panel'));
    const { calls } = (await (await fetch(`${stack.simulator.url}/_sim/calls`)).json()) as {
      calls: unknown[];
    };
    expect(calls).to.deep.equal([]);
  });
});

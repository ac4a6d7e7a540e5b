import { expect } from 'chai';
import { inWords } from '../../src/dev/app-log.ts';

describe('the log lines of npm start', () => {
  const line = (level: number, msg: string) => JSON.stringify({ level, time: Date.now(), msg });

  it('are shown in words when they are warnings or errors', () => {
    expect(inWords(line(40, 'Acuity is slow'))).to.match(/^\d\d:\d\d:\d\d WARN Acuity is slow$/);
    expect(inWords(line(50, 'A job failed'))).to.match(/ ERROR A job failed$/);
    expect(inWords(line(60, 'Unhandled rejection of a promise'))).to.match(/ FATAL Unhandled/);
  });

  it('go to the log file only when they are less', () => {
    expect(inWords(line(30, 'request'))).to.equal(null);
  });

  it('are shown unchanged when they are not JSON', () => {
    expect(inWords('Error: Cannot find module')).to.equal('Error: Cannot find module');
    expect(inWords('{"half": ')).to.equal('{"half": ');
    expect(inWords('{"some": "json"}')).to.equal('{"some": "json"}');
  });
});

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { openBrowser } from '../support/browser.ts';

describe('the browser of the tests', function () {
  this.timeout(60_000); // the first time it is unpacked

  it('runs a page’s script, and enforces its content security policy', async () => {
    const server = createServer((_req, res) => {
      res.writeHead(200, {
        'Content-Type': 'text/html',
        'Content-Security-Policy': "script-src 'nonce-right'",
      });
      res.end(
        `<title>as sent</title><script nonce="right">document.title = 'scripted'</script>
         <script>document.title = 'injected'</script>`,
      );
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const browser = await openBrowser();
    try {
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
      expect(await page.title()).to.equal('scripted');
      expect(Number(browser.version().split('.')[0])).to.be.at.least(120);
    } finally {
      await browser.close();
      server.close();
    }
  });
});

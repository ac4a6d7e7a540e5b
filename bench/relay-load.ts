// Sends signed events from its own process, so that sending is not measured with receiving.
import { createHmac } from 'node:crypto';
import { Agent, request } from 'node:http';

const [url = '', apiKey = '', count = '0', firstId = '0', connections = '10'] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true, maxSockets: Number(connections) });

const events = Array.from({ length: Number(count) }, (_, index) => {
  const body = `action=changed&id=${Number(firstId) + index}&calendarID=7001&appointmentTypeID=8001`;
  return { body, signature: createHmac('sha256', apiKey).update(body).digest('base64') };
});

let next = 0;
const startedAt = performance.now();
await Promise.all(Array.from({ length: Number(connections) }, sendInTurn));
process.send?.({ milliseconds: performance.now() - startedAt });
process.disconnect();

async function sendInTurn(): Promise<void> {
  for (let event = events[next++]; event; event = events[next++]) await post(event);
}

function post({ body, signature }: { body: string; signature: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'x-acuity-signature': signature,
    };
    const sent = request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 202) resolve();
        else reject(new Error(`The route answered ${answer.statusCode}`));
      });
    });
    sent.once('error', reject);
    sent.end(body);
  });
}

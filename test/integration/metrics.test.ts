import { expect } from 'chai';
import { startTestApp, type TestApp } from '../support/app.ts';

describe('the metrics', () => {
  let app: TestApp;
  afterEach(() => app.close());

  it('count requests by the pattern of their route, never by their address', async () => {
    app = await startTestApp();
    const rita = await app.signIn('rita@harbour-legal.example');
    await rita.get('/bookings?q=Marsh').expect(200);
    await rita.get('/bookings/0190aaaa-0000-7000-8000-000000000000').expect(404);
    const { text } = await app
      .anonymous()
      .get('/metrics')
      .expect(200)
      .expect('Content-Type', /text\/plain/);
    expect(text).to.match(
      /http_request_duration_seconds_count\{method="GET",route="\/bookings",status="200"\} 1/,
    );
    expect(text).to.include('route="/bookings/:id",status="404"');
    expect(text).not.to.match(/Marsh|0190aaaa/);
  });

  it('tell what waits in the database', async () => {
    app = await startTestApp();
    const { text } = await app.anonymous().get('/metrics').expect(200);
    expect(text).to.include('examdesk_waiting{what="queued_emails"} 0');
  });

  it('want their token when one is set', async () => {
    app = await startTestApp({ env: { METRICS_TOKEN: 'a-token-for-prometheus' } });
    await app.anonymous().get('/metrics').expect(401);
    await app.anonymous().get('/metrics').set('Authorization', 'Bearer another-for-prometheus').expect(401);
    await app.anonymous().get('/metrics').set('Authorization', 'Bearer a-token-for-prometheus').expect(200);
  });
});
